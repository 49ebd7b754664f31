package lexicon

import (
	"strings"
	"unicode/utf8"
)

// token is the analysis of a token.
type token struct {
	words []word
	// terms are those of a document, one for each occurrence.
	terms []lexeme
	// length is how many words are stop words in no language.
	length int
	// digits tells whether the token holds any.
	digits bool
}

// lexeme is a term with its Hash.
type lexeme struct {
	hash uint32
	text string
}

// Hash returns a hash of a term, the same for a variant: FNV-1a, whose bits are mixed further as in MurmurHash3, since indexes
// are cut by the first ones.
func Hash[T string | []byte](term T) uint32 {
	h := uint32(2166136261)
	for i := range len(term) {
		if i == 0 && term[0] == Variant[0] {
			continue
		}
		h = (h ^ uint32(term[i])) * 16777619
	}
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}

func (t *token) addWord(w word) {
	t.words = append(t.words, w)
	if w.stop == 0 {
		t.length++
	}
	t.addTerms(w.terms)
}

func (t *token) addTerms(terms []string) {
	for _, term := range terms {
		t.terms = append(t.terms, lexeme{Hash(term), term})
	}
}

// piece is a run of characters of one class within a token, marks and invisible characters included.
type piece struct {
	class      class
	start, end int
}

// analyze makes the words of a token, a normalized text without ASCII white space.
func (a *Analyzer) analyze(text string) token {
	var t token
	pieces := cutPieces(text)
	for from := 0; from < len(pieces); {
		to := from
		for to < len(pieces) && pieces[to].class != gap {
			to++
		}
		a.analyzePieces(&t, text, pieces[from:to])
		from = to + 1
	}
	t.digits = strings.ContainsAny(text, "0123456789")
	return t
}

func (a *Analyzer) analyzePieces(t *token, text string, pieces []piece) {
	words := len(t.words)
	for i := 0; i < len(pieces); i++ {
		p := pieces[i]
		switch p.class {
		case letter:
			last := compoundEnd(text, pieces, i)
			a.addCompound(t, newCompound(text, pieces, i, last))
			i = last
		case dense:
			a.addPairs(t, text[p.start:p.end])
		case symbol:
			t.addWord(symbolOf(text[p.start:p.end]))
		case punct:
			for _, c := range text[p.start:p.end] {
				// A sign of currency or percentage is a word beside its number.
				if (c == '$' || c == '%') && (i > 0 && isDigitAt(text, p.start-1) || i+1 < len(pieces) && isDigitAt(text, p.end)) {
					t.addWord(symbolOf(string(c)))
				}
			}
		}
	}
	if len(t.words) == words && len(pieces) > 0 {
		if signs := cut(fold(text[pieces[0].start:pieces[len(pieces)-1].end])); signs != "" {
			w := symbolOf(signs)
			w.stop = alwaysStop
			t.addWord(w)
		}
	}
}

func isDigitAt(text string, at int) bool { return text[at] >= '0' && text[at] <= '9' }

// cutPieces cuts a token. Punctuation characters make one piece, each symbol makes one with what modifies it.
func cutPieces(text string) []piece {
	var pieces []piece
	var last rune // the last character that is not invisible
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		c := classOf(r)
		n := len(pieces) - 1
		switch {
		case c == invisible && n < 0:
			// Nothing to belong to.
		case c == invisible && joins(r, last) && pieces[n].class == letter:
			pieces = append(pieces, piece{punct, at, at + size})
		case c == invisible, c == mark && pieces != nil && pieces[n].class != punct && pieces[n].class != gap:
			pieces[n].end = at + size
		case c == symbol && n >= 0 && pieces[n].class == symbol && extends(text[pieces[n].start:at], r):
			pieces[n].end = at + size
		case n >= 0 && pieces[n].class == c && c != symbol && c != mark:
			pieces[n].end = at + size
		case c == mark:
			pieces = append(pieces, piece{letter, at, at + size})
		default:
			pieces = append(pieces, piece{c, at, at + size})
		}
		if c != invisible {
			last = r
		}
		at += size
	}
	return pieces
}

// joins tells whether an invisible character separates the parts of a compound: a zero-width space does, and a zero-width
// non-joiner in the Arabic script, where it stands before endings.
func joins(r, before rune) bool {
	return r == '\u200b' || r == '\u200c' && before >= 0x600 && before < 0x780
}

// addPairs adds a run of characters of a script without spaces: each pair of neighbours is a word. A document has the single
// characters too, so that one alone is found. A character includes its marks.
func (a *Analyzer) addPairs(t *token, run string) {
	run = fold(run)
	starts := make([]int, 0, len(run)/2+1)
	for i, r := range run {
		if i == 0 || classOf(r) != mark {
			starts = append(starts, i)
		}
	}
	starts = append(starts, len(run))
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
	return a.known.token(text, func(text string) (t token) {
		t.addWord(pairOf(text))
		return t
	})
}

// pairOf returns the word of one or two characters. Katakana is found by hiragana and the other way round.
func pairOf(text string) word {
	text = cut(text)
	w := word{text: text, terms: []string{text}}
	w.add(text, 1, Exact)
	if kana := plain(text); kana != text {
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
