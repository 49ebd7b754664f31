package lexicon

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon/segment"
)

// metadataWeight is how often a word of the metadata's values counts.
const metadataWeight = 3

// Document analyzes a text.
func (a *Analyzer) Document(t Text) Document {
	d := drafts.Get().(*draft)
	defer drafts.Put(d)
	length := 0
	t.Content.Leaves(func(text string, _ canonjson.Leaf) {
		for token := range a.tokens(text) {
			length += token.length
			d.add(token.terms, 1, 0)
		}
	})
	for token := range a.tokens(t.Type) {
		length += token.length
		d.add(token.terms, 0, 1)
	}
	t.Metadata.Leaves(func(text string, leaf canonjson.Leaf) {
		if leaf != canonjson.StringLeaf && leaf != canonjson.NumberLeaf {
			return
		}
		for token := range a.tokens(text) {
			switch {
			case !token.digits:
				d.add(token.terms, 0, metadataWeight)
			case len(text) >= len(time.DateOnly+"T00:00") && segment.IsTimestamp(strings.ToLower(text)):
				d.add(token.terms[:1], 0, 1) // the whole
			default:
				d.add(token.terms, 0, 1)
			}
		}
	})
	if !t.At.IsZero() {
		at := t.At.UTC()
		texts := []string{strconv.Itoa(at.Year()), strconv.Itoa(at.Day())}
		for _, l := range a.languages {
			if l.configured && l.months != nil && !slices.Contains(texts, l.months[at.Month()-1]) {
				texts = append(texts, l.months[at.Month()-1])
			}
		}
		for _, text := range texts {
			d.add(a.known.token(text, a.analyze).terms, 0, 1)
		}
	}
	return Document{Terms: d.terms(), Length: length}
}

// draft collects the terms of a document. It is used again for other documents.
type draft struct {
	found []counted
	// table finds a term in found: its index plus one, at or after the place of its hash; 0 is free.
	table []int32
	order []uint64
}

type counted struct {
	lexeme
	content, other int32
}

var drafts = sync.Pool{New: func() any { return &draft{table: make([]int32, 1<<10)} }}

func (d *draft) add(terms []lexeme, content, other int32) {
	for _, l := range terms {
		f := d.of(l)
		f.content += content
		f.other += other
	}
}

// of returns the counts of a term.
func (d *draft) of(l lexeme) *counted {
	mask := len(d.table) - 1
	at := int(l.hash) & mask
	for ; d.table[at] != 0; at = (at + 1) & mask {
		if f := &d.found[d.table[at]-1]; f.hash == l.hash && f.text == l.text {
			return f
		}
	}
	d.found = append(d.found, counted{lexeme: l})
	d.table[at] = int32(len(d.found)) //nolint:gosec // a document has fewer terms than bytes
	if len(d.found)*2 > len(d.table) {
		d.grow()
	}
	return &d.found[len(d.found)-1]
}

func (d *draft) grow() {
	found := d.found
	d.table = make([]int32, len(d.table)*4)
	d.found = make([]counted, 0, len(d.table)/2+1)
	for _, f := range found {
		*d.of(f.lexeme) = f
	}
}

// terms returns the terms in order, and empties the draft. What is sorted are numbers, of a hash and the term's place in found:
// that takes a fifth of the time of sorting terms.
func (d *draft) terms() []Term {
	d.order = d.order[:0]
	for i, f := range d.found {
		d.order = append(d.order, uint64(f.hash)<<32|uint64(i)) //nolint:gosec // a document has fewer terms than bytes
	}
	slices.Sort(d.order)
	terms := make([]Term, len(d.order))
	for i, o := range d.order {
		f := &d.found[uint32(o)] //nolint:gosec // the lower half
		terms[i] = Term{f.text, f.hash, int(f.content), int(f.other)}
		for at := i; at > 0 && terms[at].Hash == terms[at-1].Hash && terms[at].Text < terms[at-1].Text; at-- {
			terms[at], terms[at-1] = terms[at-1], terms[at]
		}
	}
	clear(d.found) // the texts are not kept
	clear(d.table)
	d.found = d.found[:0]
	return terms
}
