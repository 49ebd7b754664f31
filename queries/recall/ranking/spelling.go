package ranking

import (
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/auren-memory/auren/domain/lexicon"
)

// A word of so many letters may be misspelt in one place, a longer one in two.
const oneTypo, twoTypos = 4, 8

// spelling is a word as it may be misspelt.
type spelling struct {
	text    string
	letters uint64
	ascii   bool
	allowed int // letters that may be wrong
}

func spellings(w *Word, letters int) []spelling {
	allowed := 1
	if letters >= twoTypos {
		allowed = 2
	}
	texts := []string{w.Text}
	for _, a := range w.Terms {
		if a.Kind != lexicon.Whole && !strings.HasPrefix(a.Term, lexicon.Variant) && !slices.Contains(texts, a.Term) {
			texts = append(texts, a.Term)
		}
	}
	all := make([]spelling, len(texts))
	for i, text := range texts {
		letters, ascii := lettersOf([]byte(text))
		all[i] = spelling{text, letters, ascii, allowed}
	}
	return all
}

// lettersOf returns the set of bytes of a text, by their last six bits, and whether all are of ASCII.
func lettersOf(text []byte) (set uint64, ascii bool) {
	var all byte
	for _, b := range text {
		set |= 1 << (b & 63)
		all |= b
	}
	return set, all < utf8.RuneSelf
}

// distance is how many letters of a term, which begins with no mark of a variant, are wrong; more than allowed if it is more.
// Most terms differ in too many letters, which their sets tell.
func (s *spelling) distance(term []byte) int {
	if abs(len(term)-len(s.text)) > s.allowed*utf8.UTFMax {
		return s.allowed + 1
	}
	letters, ascii := lettersOf(term)
	if ascii && s.ascii && (abs(len(term)-len(s.text)) > s.allowed || bits.OnesCount64(letters^s.letters) > 2*s.allowed) {
		return s.allowed + 1
	}
	return distance(s.text, string(term), s.allowed)
}

// distance is how many letters must be inserted, deleted, replaced or swapped with the next to make one word of the other
// (optimal string alignment); more than limit if it is more than limit.
func distance(a, b string, limit int) int {
	if abs(len(a)-len(b)) > limit*utf8.UTFMax {
		return limit + 1
	}
	x, y := []rune(a), []rune(b)
	if abs(len(x)-len(y)) > limit {
		return limit + 1
	}
	before, last, next := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		next[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			replaced := last[j-1]
			if x[i-1] != y[j-1] {
				replaced++
			}
			next[j] = min(last[j]+1, next[j-1]+1, replaced)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
			least = min(least, next[j])
		}
		if least > limit {
			return limit + 1
		}
		before, last, next = last, next, before
	}
	return last[len(y)]
}

func abs(n int) int { return max(n, -n) }
