package ranking

import (
	"cmp"
	"maps"
	"slices"

	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/queries/recall/index"
)

// What a word counts for in the first, second and third memory before or after, of what it counts in the memory itself.
var (
	beforeWeights = [index.Neighbors]float64{0.6, 0.6 * 0.7, 0.6 * 0.7 * 0.7}
	afterWeights  = [index.Neighbors]float64{0.4, 0.4 * 0.7, 0.4 * 0.7 * 0.7}
)

// Coverage is how well words are covered in some documents, and around them.
type Coverage struct {
	words   []Word
	around  index.Surroundings
	rows    map[int]int // of matches, by document
	matches [][]match   // of each word; the zero match where the document does not hold it
}

// Cover looks for words in documents and in their neighbours. The words must have been matched.
func Cover(words []Word, documents []int, around index.Surroundings) *Coverage {
	c := &Coverage{words: words, around: around, rows: map[int]int{}}
	for _, d := range documents {
		c.rows[d] = 0
		if s := around[d]; s != nil {
			for _, n := range slices.Concat(s.Before, s.After) {
				c.rows[n] = 0
			}
		}
	}
	sorted := slices.Sorted(maps.Keys(c.rows))
	cells := make([]match, len(sorted)*len(words))
	for i := range words {
		row := cells[i*len(sorted):][:len(sorted)]
		left := words[i].matches
		for at, d := range sorted {
			found, ok := slices.BinarySearchFunc(left, uint32(d), func(m match, d uint32) int { return cmp.Compare(m.document, d) }) //nolint:gosec // a document's number
			left = left[found:]
			if ok {
				row[at] = left[0]
			}
		}
		c.matches = append(c.matches, row)
	}
	for at, d := range sorted {
		c.rows[d] = at
	}
	return c
}

// Surrounding is a document that is covered, and its neighbours.
type Surrounding struct {
	*Coverage
	document int
	sides    *index.Sides // nil for none
	// Rows of the coverage.
	own           int
	before, after []int
}

// Surrounding returns one of the documents that are covered, with its neighbours.
func (c *Coverage) Surrounding(document int) Surrounding {
	s := Surrounding{Coverage: c, document: document, sides: c.around[document], own: c.rows[document]}
	if s.sides == nil {
		return s
	}
	s.before, s.after = make([]int, len(s.sides.Before)), make([]int, len(s.sides.After))
	for i, d := range s.sides.Before {
		s.before[i] = c.rows[d]
	}
	for i, d := range s.sides.After {
		s.after[i] = c.rows[d]
	}
	return s
}

// Covered is where a word is covered best, and how well.
type Covered struct {
	Document int
	Value    float64 // 0 if it is not covered at all
	term     uint8
}

// Term is the term of the word that covers it.
func (c Covered) Term(w *Word) lexicon.Alternative { return w.terms[c.term] }

// Best returns where a word, which has this place among the words, is covered best: in the document itself or in a neighbour.
func (s *Surrounding) Best(word int) Covered {
	matches := s.matches[word]
	best := Covered{s.document, float64(matches[s.own].own), matches[s.own].term}
	for i, row := range s.before {
		if value := beforeWeights[i] * float64(matches[row].content); value > best.Value {
			best = Covered{s.sides.Before[i], value, matches[row].term}
		}
	}
	for i, row := range s.after {
		if value := afterWeights[i] * float64(matches[row].content); value > best.Value {
			best = Covered{s.sides.After[i], value, matches[row].term}
		}
	}
	return best
}

// Score is the sum of what the words are worth in a document that is covered, and around it.
func (c *Coverage) Score(document int) (sum float64) {
	s := c.Surrounding(document)
	for i := range c.words {
		sum += c.words[i].IDF * s.Best(i).Value
	}
	return sum
}

// Around is how many of the best documents lend their neighbours a chance.
const Around = 20

// Candidates returns the best documents, and the neighbours that they lend a chance: those of a session with a name. That two memories
// were told within minutes says too little.
func Candidates(best []Ranked, around index.Surroundings) map[int]bool {
	candidates := map[int]bool{}
	for i, r := range best {
		candidates[r.Document] = true
		if s := around[r.Document]; s != nil && s.Named && i < Around {
			for _, d := range slices.Concat(s.Before, s.After) {
				candidates[d] = true
			}
		}
	}
	return candidates
}

// RankAround scores the Candidates that pass by what stands in them and in their neighbours. It returns them in order.
func RankAround(lists *index.Lists, words []Word, best []Ranked, around index.Surroundings, passes func(document int) bool) ([]Ranked, *Coverage) {
	candidates := Candidates(best, around)
	maps.DeleteFunc(candidates, func(d int, _ bool) bool { return lists.Hidden[d] || !passes(d) })
	c := Cover(words, slices.Collect(maps.Keys(candidates)), around)
	result := make([]Ranked, 0, len(candidates))
	for d := range candidates {
		result = append(result, Ranked{d, c.Score(d)})
	}
	slices.SortFunc(result, better)
	return result, c
}
