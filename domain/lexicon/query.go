package lexicon

import (
	"math/bits"
	"slices"

	"github.com/auren-memory/auren/domain/lexicon/segment"
)

// Query analyzes a query. Every word is there, in order.
func (a *Analyzer) Query(text string) []Word {
	text = segment.Normalize(text)
	quoted := segment.QuotationsOf(text)
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
			phrases = append(phrases, quoted.At(at))
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
