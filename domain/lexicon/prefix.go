package lexicon

import (
	"unicode/utf8"

	"github.com/auren-memory/auren/domain/lexicon/segment"
)

// Prefix is the beginning of a word, to be looked for in a vocabulary.
type Prefix struct {
	// Begins holds beginnings of terms that match.
	Begins []string
	// Terms match too, though they do not begin so: stems that are shorter than what was typed.
	Terms []Alternative
}

// maxEnding is how many letters a stemmer removes, in most words at most.
const maxEnding = 4

// Prefixes returns, for each word of a text, how to find the words that begin with it. Terms are stems, hence both the
// terms that begin with the word and, as Terms, the word without its last letters.
func (a *Analyzer) Prefixes(text string) []Prefix {
	var all []Prefix
	for _, w := range a.Query(text) {
		p := Prefix{Begins: []string{w.Text, Variant + segment.Plain(w.Text)}, Terms: w.Terms}
		if folded := segment.Plain(w.Text); folded != w.Text {
			p.Begins = append(p.Begins, folded)
		}
		short := w.Text
		for range maxEnding {
			_, size := utf8.DecodeLastRuneInString(short)
			if short = short[:len(short)-size]; utf8.RuneCountInString(short) < 3 {
				break
			}
			p.Terms = append(p.Terms, Alternative{short, foldedWeight, Prefixed})
		}
		all = append(all, p)
	}
	return all
}
