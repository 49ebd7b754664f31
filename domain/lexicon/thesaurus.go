package lexicon

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// thesaurusFile holds lines in the order of their first field, deflated: an English term, then each of its neighbours and their
// likeness in percent, the closest first. The comment in gzip's header names the model that it was made from; see
// docs/thesaurus.md.
//
//go:embed thesaurus.gz
var thesaurusFile []byte

// MinLikeness and MaxSynonyms bound what is a synonym.
const (
	MinLikeness = 0.45
	MaxSynonyms = 4
)

// maxThesaurus bounds what the file may inflate to, in bytes.
const maxThesaurus = 16 << 20

// Entry is a term and its synonyms, the closest first.
type Entry struct {
	Term       string
	Neighbours []Alternative
}

// WriteThesaurus writes the file of a thesaurus that was made from a model: the same bytes for the same entries in any order.
func WriteThesaurus(to io.Writer, model string, entries []Entry) error {
	file, err := gzip.NewWriterLevel(to, gzip.BestCompression)
	if err != nil {
		return err
	}
	file.Comment = model
	text := bufio.NewWriter(file)
	for _, e := range slices.SortedFunc(slices.Values(entries), func(a, b Entry) int { return cmp.Compare(a.Term, b.Term) }) {
		fmt.Fprint(text, e.Term)
		for _, n := range e.Neighbours {
			fmt.Fprintf(text, " %s %d", n.Term, int(math.Round(100*n.Weight)))
		}
		fmt.Fprintln(text)
	}
	return errors.Join(text.Flush(), file.Close())
}

// thesaurus is the text of the file and where its lines begin.
type thesaurus struct {
	text  string
	lines []int
}

var embeddedThesaurus = sync.OnceValue(func() *thesaurus {
	file, err := gzip.NewReader(bytes.NewReader(thesaurusFile))
	if err != nil {
		panic("lexicon: thesaurus: " + err.Error())
	}
	text, err := io.ReadAll(io.LimitReader(file, maxThesaurus))
	if err != nil {
		panic("lexicon: thesaurus: " + err.Error())
	}
	t := &thesaurus{text: string(text)}
	for at := 0; at < len(text); at += bytes.IndexByte(text[at:], '\n') + 1 {
		t.lines = append(t.lines, at)
	}
	return t
})

func (t *thesaurus) line(i int) (term, neighbours string) {
	line := t.text[t.lines[i]:]
	line = line[:strings.IndexByte(line, '\n')]
	term, neighbours, _ = strings.Cut(line, " ")
	return term, neighbours
}

// Synonyms returns up to four terms whose meaning is close to that of a term, the closest first, with their likeness as
// weight. Only English has any.
func (a *Analyzer) Synonyms(term string) []Alternative {
	if a.english == nil {
		return nil
	}
	t := embeddedThesaurus()
	i := sort.Search(len(t.lines), func(i int) bool {
		there, _ := t.line(i)
		return there >= term
	})
	if i == len(t.lines) {
		return nil
	}
	there, neighbours := t.line(i)
	if there != term {
		return nil
	}
	var synonyms []Alternative
	for fields := strings.Fields(neighbours); len(fields) > 1 && len(synonyms) < MaxSynonyms; fields = fields[2:] {
		percent, _ := strconv.Atoi(fields[1])
		if likeness := float64(percent) / 100; likeness >= MinLikeness {
			synonyms = append(synonyms, Alternative{fields[0], likeness, Synonym})
		}
	}
	return synonyms
}
