package answer

import (
	"math"
	"strings"
	"unicode"

	"github.com/auren-memory/auren/domain/lexicon"
)

const (
	// sameShare is the share of terms that two texts have in common, of those that either has (Jaccard), from which on they say the
	// same: with nine words, all; with ten, one may be more.
	sameShare = 0.9
	// sketchSize is how many terms of a text are compared: those whose hashes are least, which are a fair sample of a longer text.
	sketchSize = 256
)

// Text is what of a text is compared, the terms of its content.
type Text struct {
	scope   int64
	terms   []uint32 // hashes, in ascending order
	size    int      // the number of all terms
	numbers uint64   // a digest of the terms with digits
}

// NewText makes a Text of the terms of a content in a scope.
func NewText(scope int64, terms []lexicon.Term) Text {
	t := Text{scope: scope}
	for _, term := range terms {
		if term.Content == 0 || strings.HasPrefix(term.Text, lexicon.Variant) {
			continue
		}
		t.size++
		if len(t.terms) < sketchSize {
			t.terms = append(t.terms, term.Hash)
		}
		if strings.IndexFunc(term.Text, unicode.IsDigit) >= 0 {
			t.numbers += uint64(term.Hash)*0x9E3779B97F4A7C15 + 1 // in any order
		}
	}
	return t
}

// same tells whether two texts say the same: they are of one agent and user, have nearly the same terms and exactly the same numbers.
func (t *Text) same(other *Text) bool {
	least, most := min(t.size, other.size), max(t.size, other.size)
	if t.scope != other.scope || t.numbers != other.numbers || float64(least) < sameShare*float64(most) {
		return false
	}
	common, either := 0, 0
	for a, b := t.terms, other.terms; either < sketchSize && len(a)+len(b) > 0; either++ {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			a = a[1:]
		case len(a) == 0 || b[0] < a[0]:
			b = b[1:]
		default:
			common++
			a, b = a[1:], b[1:]
		}
	}
	return float64(common) >= sameShare*float64(either)
}

// Fold returns for each text, in the order given, the first that says the same and that no text before it says; its own place if
// there is none.
func Fold(texts []Text) []int {
	first := make([]int, len(texts))
	seen := map[uint32][]int{} // those that stand for others, by each of the terms that one that says the same must have
	for i := range texts {
		t := &texts[i]
		first[i] = i
		// Of terms in one order, two texts that have so many in common have one of the first of them in common.
		prefix := t.terms[:len(t.terms)-min(len(t.terms), int(math.Ceil(sameShare*float64(len(t.terms)))))+min(1, len(t.terms))]
		for _, term := range prefix {
			for _, j := range seen[term] {
				if j < first[i] && t.same(&texts[j]) {
					first[i] = j
				}
			}
		}
		if first[i] < i {
			continue
		}
		for _, term := range prefix {
			seen[term] = append(seen[term], i)
		}
	}
	return first
}
