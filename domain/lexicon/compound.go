package lexicon

import (
	"unicode/utf8"

	"github.com/auren-memory/auren/domain/lexicon/segment"
)

// addCompound adds the words of a compound, each with the whole as an alternative, and the terms of both.
func (a *Analyzer) addCompound(t *token, s segment.Segment) {
	from := len(t.words)
	a.addUnsigned(t, s)
	sign := s.Prefix + s.Suffix
	if sign == "" {
		return
	}
	signed := segment.Cut(s.Prefix + segment.Fold(s.Text) + s.Suffix)
	whole := word{text: signed, terms: []string{signed}}
	whole.add(signed, 1, Whole)
	added := t.words[from:]
	if s.Suffix != "" && len(added) == 1 && utf8.RuneCountInString(added[0].text) <= 2 {
		// C is another language than C++: it is a variant.
		w := &added[0]
		whole.add(w.terms[0], partWeight/2, Part)
		t.terms = t.terms[:len(t.terms)-len(w.terms)]
		whole.terms = []string{signed, Variant + w.terms[0]}
		t.addTerms(whole.terms)
		*w = whole
		return
	}
	t.addTerms(whole.terms)
	for i := range added {
		added[i].within(whole)
	}
}

// addUnsigned adds a compound without the signs before and after it.
func (a *Analyzer) addUnsigned(t *token, s segment.Segment) {
	split := s.Split(a.isContraction)
	w := a.wordOf(split.Whole)
	if len(split.Parts) > 0 {
		a.addParts(t, split.Parts, w)
		return
	}
	if split.Name != "" {
		// iPhone15: the letters and the number are terms, but a query for it is one word.
		t.addTerms(a.wordOf(split.Number).terms)
		stem := a.wordOf(split.Name)
		t.addTerms(stem.terms)
		w.add(stem.terms[0], stemWeight, Part)
	}
	if one := split.Singular; one != "" && scriptOf(one) == latin {
		// PDFs, which the stemmer does not take for the plural of PDF.
		for _, term := range a.wordOf(one).terms {
			w.terms = addTerm(w.terms, term)
			w.add(term, foldedWeight, Folded)
		}
	}
	t.addWord(w)
}

func (a *Analyzer) isContraction(folded string) bool {
	return a.english != nil && a.english.contractions[folded] != ""
}

// addParts adds each part of a compound as a word.
func (a *Analyzer) addParts(t *token, parts []string, whole word) {
	var words []word
	stop := ^uint32(0)
	for _, part := range parts {
		w := a.wordOf(part)
		switch part {
		case "http", "https", "www":
			w.stop = alwaysStop
		}
		stop &= w.stop
		words = append(words, w)
	}
	if stop != 0 { // to-do, which is more than to and do
		t.addWord(whole)
		for _, w := range words {
			t.addTerms(w.terms)
		}
		return
	}
	t.addTerms(whole.terms)
	for _, w := range words {
		w.within(whole)
		t.addWord(w)
	}
}
