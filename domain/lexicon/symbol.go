package lexicon

import "github.com/auren-memory/auren/domain/lexicon/segment"

// symbolOf returns the word of a symbol or a sequence of them. Its variants are the emojis of a sequence, without skin tones.
func symbolOf(text string) word {
	whole, parts := segment.Emojis(text)
	w := word{text: whole, terms: []string{whole}}
	w.add(whole, 1, Exact)
	w.add(Variant+whole, foldedWeight, Folded)
	for _, part := range parts {
		w.terms = addTerm(w.terms, Variant+part)
		w.add(part, foldedWeight, Folded)
		w.add(Variant+part, foldedWeight, Folded)
	}
	return w
}
