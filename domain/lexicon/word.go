package lexicon

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

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

// wordOf analyzes one word that is no compound.
func (a *Analyzer) wordOf(raw string) word {
	w := word{text: cut(fold(raw))}
	w.terms = a.forms(&w)
	kind := Exact
	if a.english != nil && a.english.irregular[w.text] != "" {
		kind = Irregular
	}
	for _, term := range w.terms {
		w.add(term, 1, kind)
	}
	if !isNumber(w.text) {
		for _, term := range w.terms {
			w.add(Variant+term, foldedWeight, Folded)
		}
	}
	exact := len(w.terms)
	for _, variant := range variantsOf(w.text) {
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
	if len(languages) == 0 || strings.ContainsFunc(text, func(r rune) bool { return r < utf8.RuneSelf && asciiClass[r] == punct || unicode.IsNumber(r) }) {
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

func addTerm(terms []string, term string) []string {
	if slices.Contains(terms, term) {
		return terms
	}
	return append(terms, term)
}

// variantsOf returns the other forms of a folded word in which people type it.
func variantsOf(text string) []string {
	if isASCII(text) {
		return nil
	}
	var variants []string
	for _, variant := range []string{plain(text), spelledOut(text), withoutParticle(text)} {
		if variant != "" && variant != text {
			variants = addTerm(variants, variant)
		}
	}
	return variants
}

// withoutParticle returns a Hebrew word without the one letter before it that says and, the, in, to, from, as or that.
func withoutParticle(text string) string {
	if first, size := utf8.DecodeRuneInString(text); strings.ContainsRune("והבלמשכ", first) && utf8.RuneCountInString(text) >= 4 {
		return plain(text[size:])
	}
	return ""
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

func isNumber(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < '0' || c > '9' {
			return false
		}
	}
	return text != ""
}
