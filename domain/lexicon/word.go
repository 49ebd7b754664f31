package lexicon

import "slices"

// The weights of terms that are not the word itself.
const (
	foldedWeight = 0.9
	partWeight   = 0.9
	stemWeight   = 0.6 // of the letters of a word with digits: iphone for iPhone15
)

// word is a word of a token.
type word struct {
	text string
	// stop has a bit for each language in which it is a stop word; alwaysStop for punctuation.
	stop         uint32
	alternatives []Alternative
	// terms are what a document has for it.
	terms []string
	// wholes are the terms of the compound that it is a part of.
	wholes []string
}

const alwaysStop uint32 = 1

func addTerm(terms []string, term string) []string {
	if slices.Contains(terms, term) {
		return terms
	}
	return append(terms, term)
}

func (w *word) add(term string, weight float64, kind Kind) {
	for _, there := range w.alternatives {
		if there.Term == term {
			return
		}
	}
	w.alternatives = append(w.alternatives, Alternative{term, weight, kind})
}

// within makes a word the part of a compound.
func (w *word) within(whole word) {
	w.wholes = append(w.wholes, whole.terms...)
	part := w.alternatives
	w.alternatives = nil
	for _, alternative := range whole.alternatives {
		alternative.Kind = Whole
		w.add(alternative.Term, alternative.Weight, Whole)
	}
	for _, alternative := range part {
		if alternative.Kind == Exact {
			alternative.Kind = Part
		}
		w.add(alternative.Term, alternative.Weight*partWeight, alternative.Kind)
	}
	slices.SortStableFunc(w.alternatives, heaviest)
}
