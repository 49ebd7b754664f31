package lexicon

import (
	"iter"
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// tokens yields the analyses of a text's tokens in order.
func (a *Analyzer) tokens(text string) iter.Seq[*token] {
	return func(yield func(*token) bool) {
		for _, t := range a.spans(normalize(text)) {
			if !yield(t) {
				return
			}
		}
	}
}

// spans yields the tokens of a normalized text, each with its place.
func (a *Analyzer) spans(text string) iter.Seq2[int, *token] {
	return func(yield func(int, *token) bool) {
		found := false
		for at := 0; at < len(text); {
			if edges[text[at]] == space {
				at++
				continue
			}
			start := at
			for at < len(text) && edges[text[at]] != space {
				at++
			}
			end := at
			for start < end && edges[text[start]]&opens != 0 {
				start++
			}
			for end > start && edges[text[end-1]]&closes != 0 {
				end--
			}
			if start == end { // punctuation only
				for start = end; start > 0 && edges[text[start-1]] != space; {
					start--
				}
				end = at
			}
			t := a.known.token(text[start:end], a.analyze)
			found = found || len(t.words) > 0
			if !yield(start, t) {
				return
			}
		}
		if hidden := strings.TrimSpace(text); !found && hidden != "" {
			// Characters that count for nothing are all there is.
			var t token
			w := word{text: cut(hidden), stop: alwaysStop, terms: []string{cut(hidden)}}
			w.add(w.text, 1, Exact)
			t.addWord(w)
			yield(0, &t)
		}
	}
}

// What a character does at the edge of a token.
const (
	space  = 1 << iota // ends it
	opens              // is not part of the token before which it stands
	closes             // is not part of the token after which it stands
)

var edges = func() (is [256]uint8) {
	for _, c := range []byte("\t\n\v\f\r ") {
		is[c] = space
	}
	for _, c := range []byte("([{<\"'*_`|;,!?") {
		is[c] |= opens
	}
	for _, c := range []byte(")]}>\"'*_`|;,.:!?") {
		is[c] |= closes
	}
	return is
}()

// Query analyzes a query. Every word is there, in order.
func (a *Analyzer) Query(text string) []Word {
	text = normalize(text)
	quoted := quotations(text)
	var found []word
	var phrases []int
	var hits [32]int // stop words by language
	for at, t := range a.spans(text) {
		for _, w := range t.words {
			for _, l := range a.languages {
				if w.stop&l.bit != 0 {
					hits[bits.TrailingZeros32(l.bit)]++
				}
			}
			found = append(found, w)
			phrases = append(phrases, quoted.of(at))
		}
	}
	spoken := a.spoken(hits[:])
	words := make([]Word, len(found))
	for i, w := range found {
		words[i] = Word{Text: w.text, Stop: w.stop&spoken != 0, Terms: slices.Clip(w.alternatives), Phrase: phrases[i], Position: i + 1}
	}
	numberPhrases(words)
	return words
}

// spoken returns the bits of the language of each script that a text has most stop words of, of all that have as many.
func (a *Analyzer) spoken(hits []int) uint32 {
	spoken := alwaysStop
	for _, languages := range a.byScript {
		most := 0
		for _, l := range languages {
			most = max(most, hits[bits.TrailingZeros32(l.bit)])
		}
		for _, l := range languages {
			if hits[bits.TrailingZeros32(l.bit)] == most {
				spoken |= l.bit
			}
		}
	}
	return spoken
}

// numberPhrases numbers the phrases from 1, leaving out those of one word.
func numberPhrases(words []Word) {
	next := 0
	for i := 0; i < len(words); {
		j := i + 1
		for j < len(words) && words[j].Phrase == words[i].Phrase {
			j++
		}
		number := 0
		if words[i].Phrase > 0 && j-i > 1 {
			next++
			number = next
		}
		for ; i < j; i++ {
			words[i].Phrase = number
		}
	}
}

// quotation is a text in quotation marks.
type quotation struct{ start, end int }

type quoted []quotation

// quotations finds texts in quotation marks. A mark after a letter or digit opens none: 5'10" tall.
func quotations(text string) (all quoted) {
	open := -1
	for i := range len(text) {
		if text[i] != '"' {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		switch {
		case open >= 0:
			if strings.TrimSpace(text[open+1:i]) != "" {
				all = append(all, quotation{open, i})
			}
			open = -1
		case i == 0 || classOf(before) != letter:
			open = i
		}
	}
	return all
}

// of returns the number, from 1, of the quotation around a place, 0 if there is none.
func (q quoted) of(at int) int {
	i, _ := slices.BinarySearchFunc(q, at, func(q quotation, at int) int { return q.end - at })
	if i < len(q) && q[i].start < at {
		return i + 1
	}
	return 0
}

// Sequence returns the terms of a text with their positions, which are those that Query gives to the words of the same text.
// A compound's whole stands at the position of each part.
func (a *Analyzer) Sequence(text string) []Occurrence {
	var found []Occurrence
	position := 0
	for t := range a.tokens(text) {
		for _, w := range t.words {
			position++
			for _, term := range slices.Concat(w.terms, w.wholes) {
				found = append(found, Occurrence{term, position})
			}
		}
	}
	return found
}
