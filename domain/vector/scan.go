package vector

import (
	"cmp"
	"math/bits"
	"slices"
)

// Scan finds the vectors nearest to a question, among any number of sets. Which ones it finds does not depend on the order in which
// they are added.
type Scan struct {
	question *Question
	keep     int
	limit    int   // the largest distance that may be among those to keep
	counts   []int // of the vectors kept by distance, up to the limit
	kept     int
	found    []candidate
}

type candidate struct {
	distance int
	set      *Set
	number   int
	member   int
}

// Near is a vector near a question.
type Near struct {
	// Member is what the caller knows the vector by.
	Member int
	Cosine float64
}

// NewScan begins a scan of which so many vectors, the nearest by their signs, have their numbers compared.
func NewScan(question *Question, compared int) *Scan {
	dimensions := len(question.numbers)
	return &Scan{question: question, keep: compared, limit: dimensions, counts: make([]int, dimensions+1)}
}

// Add adds a vector of a set, which the caller knows by a number of its own, not used for another one.
func (s *Scan) Add(set *Set, number, member int) {
	stored := set.signs[number*len(s.question.signs):][:len(s.question.signs)]
	distance := 0
	for i, word := range s.question.signs {
		distance += bits.OnesCount64(word ^ stored[i])
	}
	if distance > s.limit {
		return
	}
	s.found = append(s.found, candidate{distance, set, number, member})
	s.counts[distance]++
	s.kept++
	for s.limit > 0 && s.kept-s.counts[s.limit] >= s.keep {
		s.kept -= s.counts[s.limit]
		s.limit--
	}
}

// Nearest returns the vectors that were compared by their numbers, the nearest first; of equals, the one with the highest number
// of the caller.
func (s *Scan) Nearest() []Near {
	s.found = slices.DeleteFunc(s.found, func(c candidate) bool { return c.distance > s.limit })
	slices.SortFunc(s.found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(b.member, a.member))
	})
	near := make([]Near, min(s.keep, len(s.found)))
	for i, c := range s.found[:len(near)] {
		near[i] = Near{c.member, s.question.Cosine(c.set, c.number)}
	}
	slices.SortFunc(near, func(a, b Near) int { return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(b.Member, a.Member)) })
	return near
}
