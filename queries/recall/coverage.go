package recall

import (
	"cmp"
	"maps"
	"slices"
)

// What a word counts for in the first, second and third memory before or after, of what it counts in the memory itself.
var (
	beforeWeights = [neighbors]float64{0.6, 0.6 * 0.7, 0.6 * 0.7 * 0.7}
	afterWeights  = [neighbors]float64{0.4, 0.4 * 0.7, 0.4 * 0.7 * 0.7}
)

// coverage is how well words are covered in some documents, and around them.
type coverage struct {
	around  surroundings
	rows    map[int]int // of matches, by document
	matches [][]match   // of each word; the zero match where the document does not hold it
}

// cover looks for words in documents, in those that may be read with them, and in their neighbours.
func cover(words []word, documents []int, around surroundings) *coverage {
	c := &coverage{around: around, rows: map[int]int{}}
	for _, d := range documents {
		c.rows[d] = 0
		if s := around[d]; s != nil {
			for _, n := range slices.Concat(s.before, s.after) {
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

// covered is how well a word is covered in a document, and where it was found.
type covered struct {
	match
	value    float64
	neighbor int // document; -1 for the document itself
}

// surrounding is a document and its neighbours, as rows of the coverage.
type surrounding struct {
	*coverage
	sides         *sides // nil for none
	own           int
	before, after []int
}

func (c *coverage) surrounding(document int) surrounding {
	s := surrounding{coverage: c, sides: c.around[document], own: c.rows[document]}
	if s.sides == nil {
		return s
	}
	s.before, s.after = make([]int, len(s.sides.before)), make([]int, len(s.sides.after))
	for i, d := range s.sides.before {
		s.before[i] = c.rows[d]
	}
	for i, d := range s.sides.after {
		s.after[i] = c.rows[d]
	}
	return s
}

// best returns where a word is covered best.
func (s *surrounding) best(word int) covered {
	matches := s.matches[word]
	best := covered{matches[s.own], float64(matches[s.own].own), -1}
	for i, row := range s.before {
		if value := beforeWeights[i] * float64(matches[row].content); value > best.value {
			best = covered{matches[row], value, s.sides.before[i]}
		}
	}
	for i, row := range s.after {
		if value := afterWeights[i] * float64(matches[row].content); value > best.value {
			best = covered{matches[row], value, s.sides.after[i]}
		}
	}
	return best
}

// score is the sum of what the words are worth in a document and around it.
func (c *coverage) score(words []word, document int) (sum float64) {
	s := c.surrounding(document)
	for i := range words {
		sum += words[i].idf * s.best(i).value
	}
	return sum
}

// candidatesAround are the best documents, and the neighbours that they lend a chance.
func candidatesAround(own []ranked, all surroundings) map[int]bool {
	candidates := map[int]bool{}
	for i, r := range own {
		candidates[r.document] = true
		if s := all[r.document]; s != nil && s.named && i < around {
			for _, d := range slices.Concat(s.before, s.after) {
				candidates[d] = true
			}
		}
	}
	return candidates
}

// rankAround scores again the best documents and those around them, by what stands in their neighbours too.
func rankAround(x *index, words []word, own []ranked, all surroundings, passes func(document int) bool) ([]ranked, *coverage) {
	candidates := candidatesAround(own, all)
	maps.DeleteFunc(candidates, func(d int, _ bool) bool { return x.hidden[d] || passes != nil && !passes(d) })
	c := cover(words, slices.Collect(maps.Keys(candidates)), all)
	result := make([]ranked, 0, len(candidates))
	for d := range candidates {
		result = append(result, ranked{d, c.score(words, d)})
	}
	slices.SortFunc(result, better)
	return result, c
}
