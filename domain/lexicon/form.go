package lexicon

import (
	"slices"

	"github.com/auren-memory/auren/domain/lexicon/segment"
)

// wordOf analyzes one word that is no compound.
func (a *Analyzer) wordOf(raw string) word {
	w := word{text: segment.Cut(segment.Fold(raw))}
	w.terms = a.forms(&w)
	kind := Exact
	if a.english != nil && a.english.irregular[w.text] != "" {
		kind = Irregular
	}
	for _, term := range w.terms {
		w.add(term, 1, kind)
	}
	if !segment.IsNumber(w.text) {
		for _, term := range w.terms {
			w.add(Variant+term, foldedWeight, Folded)
		}
	}
	exact := len(w.terms)
	for _, variant := range segment.Variants(w.text) {
		for _, term := range a.forms(&word{text: variant}) {
			if slices.Contains(w.terms[:exact], term) {
				continue
			}
			w.terms = addTerm(w.terms, Variant+term)
			w.add(term, foldedWeight, Folded)
			w.add(Variant+term, foldedWeight, Folded)
		}
	}
	return w
}

// forms returns the terms of a folded word in the languages of its script, and marks it as a stop word of some.
func (a *Analyzer) forms(w *word) []string {
	text := w.text
	if a.english != nil {
		if contraction, ok := a.english.contractions[text]; ok {
			w.stop |= a.byScript[latin][0].bit // whichever it is: it is an English one
			return []string{contraction}
		}
	}
	languages := a.byScript[scriptOf(text)]
	if len(languages) == 0 || segment.HasSigns(text) {
		return []string{text}
	}
	var terms []string
	for _, l := range languages {
		base := text
		if l.stop[text] {
			w.stop |= l.bit
			terms = addTerm(terms, text)
			continue
		}
		if l.name == "english" {
			if irregular, ok := a.english.irregular[text]; ok {
				base = irregular
			}
		}
		terms = addTerm(terms, l.stemOf(base))
	}
	return terms
}
