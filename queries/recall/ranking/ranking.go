// Package ranking scores the documents of a search index by the words of a query. It is BM25 with the constants of short texts, where
// a word counts
//
//   - for the best of its terms only: itself, other spellings, synonyms at a lower weight (words.go), and what it may mean if nothing
//     matches it (guess.go);
//   - also if it stands in a memory told just before or after, at a discount (coverage.go).
package ranking

import (
	"cmp"
	"container/heap"
	"iter"
	"slices"

	"github.com/auren-memory/auren/queries/recall/index"
)

// Ranked is a document with its score.
type Ranked struct {
	Document int
	Score    float64
}

// better orders documents: the higher score, of equals the one that was told later.
func better(a, b Ranked) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Document, a.Document))
}

// BestPossible is a score that no document reaches. It is greater than 0.
func BestPossible(words []Word) float64 {
	sum := 0.0
	for _, w := range words {
		sum += w.Worth()
	}
	return max(sum, 1e-9)
}

// OwnScores are the scores of documents by the words that they hold themselves, as sums of 32 bits: enough to choose by.
type OwnScores struct {
	scores    []float32
	documents []uint32 // that hold a word
}

// ScoreOwn scores the documents that hold one of the words, which must have been matched.
func ScoreOwn(lists *index.Lists, words []Word) *OwnScores {
	own := &OwnScores{scores: make([]float32, lists.Size)}
	for _, w := range words {
		idf := float32(w.IDF)
		for _, m := range w.matches {
			if own.scores[m.document] == 0 {
				own.documents = append(own.documents, m.document)
			}
			own.scores[m.document] += idf * m.own
		}
	}
	return own
}

// All returns the documents that hold one of the words, each once, in no order.
func (o *OwnScores) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for _, d := range o.documents {
			if !yield(int(d)) {
				return
			}
		}
	}
}

// Best returns the best of the documents that pass, in order.
func (o *OwnScores) Best(limit int, passes func(document int) bool) []Ranked {
	var best worstFirst
	for _, document := range o.documents {
		r := Ranked{int(document), float64(o.scores[document])}
		if len(best) == limit && better(best[0], r) < 0 || !passes(r.Document) {
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
type worstFirst []Ranked

func (h worstFirst) Len() int           { return len(h) }
func (h worstFirst) Less(i, j int) bool { return better(h[i], h[j]) > 0 }
func (h worstFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *worstFirst) Push(r any)        { *h = append(*h, r.(Ranked)) }
func (h *worstFirst) Pop() any          { panic("ranking: nothing is taken off") }
