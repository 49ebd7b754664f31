package lexicon

import (
	"strings"
	"unicode/utf8"

	"github.com/auren-memory/auren/domain/lexicon/segment"
)

// addPairs adds a run of characters of a script without spaces: each pair of neighbours is a word. A document has the single
// characters too, so that one alone is found. A character includes its marks.
func (a *Analyzer) addPairs(t *token, run string) {
	run = segment.Fold(run)
	starts := segment.Characters(run)
	if len(starts) == 2 {
		t.addWord(a.pair(run).words[0])
		return
	}
	for i := range len(starts) - 1 {
		t.terms = append(t.terms, a.pair(run[starts[i]:starts[i+1]]).terms...)
		if i+2 < len(starts) {
			pair := a.pair(run[starts[i]:starts[i+2]])
			t.words = append(t.words, pair.words[0])
			t.terms = append(t.terms, pair.terms...)
			t.length++
		}
	}
}

// pair returns the analysis of one or two characters.
func (a *Analyzer) pair(text string) *token {
	return a.pairs.token(text, func(text string) (t token) {
		t.addWord(pairOf(text))
		return t
	})
}

// pairOf returns the word of one or two characters. Katakana is found by hiragana and the other way round.
func pairOf(text string) word {
	text = segment.Cut(text)
	w := word{text: text, terms: []string{text}}
	w.add(text, 1, Exact)
	if kana := segment.Plain(text); kana != text {
		w.terms = append(w.terms, Variant+kana)
		w.add(kana, foldedWeight, Folded)
		w.add(Variant+kana, foldedWeight, Folded)
	} else if r, _ := utf8.DecodeLastRuneInString(text); r >= 'ぁ' && r <= 'ゟ' || hasHiragana(text) {
		w.add(Variant+text, foldedWeight, Folded)
	}
	return w
}

func hasHiragana(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r >= 'ぁ' && r <= 'ゟ' })
}
