package recall

import (
	"cmp"
	"container/heap"
	"slices"
)

// ranked is a document with its score.
type ranked struct {
	document int
	score    float64
}

// better orders documents: the higher score, of equals the one that was told later.
func better(a, b ranked) int {
	return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.document, a.document))
}

// bestPossible is the score that no document reaches; scores are shares of it.
func bestPossible(words []word) float64 {
	sum := 0.0
	for _, w := range words {
		sum += w.idf * (k1 + 1)
	}
	return max(sum, 1e-9)
}

// rankOwn scores every document by its own words and returns the best, in order.
func rankOwn(x *index, words []word, limit int, passes func(document int) bool) []ranked {
	return scoreOwn(x, words).best(limit, passes)
}

// ownScores are the scores of documents by their own words.
type ownScores struct {
	scores    []float32
	documents []uint32 // that hold a word
}

func scoreOwn(x *index, words []word) *ownScores {
	own := &ownScores{scores: make([]float32, x.size)}
	for _, w := range words {
		idf := float32(w.idf)
		for _, m := range w.matches {
			if own.scores[m.document] == 0 {
				own.documents = append(own.documents, m.document)
			}
			own.scores[m.document] += idf * m.own
		}
	}
	return own
}

// best returns the best documents, in order.
func (o *ownScores) best(limit int, passes func(document int) bool) []ranked {
	var best worstFirst
	for _, document := range o.documents {
		r := ranked{int(document), float64(o.scores[document])}
		if len(best) == limit && better(best[0], r) < 0 || passes != nil && !passes(r.document) {
			continue
		}
		if len(best) == limit {
			best[0] = r
			heap.Fix(&best, 0)
		} else {
			heap.Push(&best, r)
		}
	}
	slices.SortFunc(best, better)
	return best
}

// worstFirst is a heap of the best documents so far.
type worstFirst []ranked

func (h worstFirst) Len() int           { return len(h) }
func (h worstFirst) Less(i, j int) bool { return better(h[i], h[j]) > 0 }
func (h worstFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *worstFirst) Push(r any)        { *h = append(*h, r.(ranked)) }
func (h *worstFirst) Pop() any          { panic("recall: nothing is taken off") }
