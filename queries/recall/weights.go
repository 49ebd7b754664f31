package recall

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/queries/recall/ranking"
	"github.com/auren-memory/auren/queries/snapshot"
)

// phraseWeight is the share of its words that a phrase in quotes adds where it stands.
const phraseWeight = 0.5

// defaultHalfLife is after how many days a memory is half as recent.
const defaultHalfLife = 30

// scored is a document with the parts of its score, which add up to it.
type scored struct {
	ranking.Ranked
	memory                                   snapshot.Memory
	phrases, recency, confidence, importance float64
}

// bestPossible is the greatest sum of what words and phrases may add.
func (r *run) bestPossible() float64 {
	total := ranking.BestPossible(r.words)
	for _, p := range r.quoted {
		total += phraseWeight * r.worth(p)
	}
	return total
}

// weigh adds to the score by words, of which total is the best possible, what they do not tell.
func (r *run) weigh(ctx context.Context, b ranking.Ranked, m snapshot.Memory, total float64) (scored, error) {
	words := 1 - r.request.Weights.Sum()
	s := scored{Ranked: ranking.Ranked{Document: b.Document, Score: words * b.Score / total}, memory: m}
	stand, err := standIn(ctx, r.quoted, r.lexicon, m.Content)
	for i, p := range r.quoted {
		if stand[i] {
			s.phrases += words * phraseWeight * r.worth(p) / total
		}
	}
	r.addWeights(&s)
	s.Score += s.phrases + s.recency + s.confidence + s.importance
	return s, err
}

// addWeights adds what recency, confidence and importance are worth.
func (r *run) addWeights(s *scored) {
	w := r.request.Weights
	if w.Recency > 0 {
		age := max(0, r.index.State.Moment.Sub(s.memory.UpdatedAt))
		s.recency = w.Recency * math.Exp2(-age.Hours()/24/cmp.Or(w.HalfLifeDays, defaultHalfLife))
	}
	s.confidence = w.Confidence * s.memory.Confidence
	if w.Importance > 0 {
		metadata, err := canonjson.Parse(s.memory.Metadata)
		if err == nil {
			number, _ := strconv.ParseFloat(metadata.Member(cmp.Or(w.ImportanceKey, "importance")).String(), 64)
			s.importance = w.Importance * min(1, max(0, number))
		}
	}
}

// worth is what the words of a phrase can add at most.
func (r *run) worth(p phrase) float64 {
	sum := 0.0
	for _, w := range p.words {
		for i := range r.words {
			if slices.Equal(r.words[i].Terms, w.Terms) {
				sum += r.words[i].Worth()
			}
		}
	}
	return sum
}
