package recall

import (
	"context"
	"slices"

	"github.com/auren-memory/auren/queries/recall/ranking"
)

// sieve tells which documents may be found: those that hold what they must, of memories that the filter lets through.
type sieve struct {
	*run
	verdicts
	own *ranking.OwnScores
	// kept are the documents that hold what they must; nil for all.
	kept []bool
}

func newSieve(ctx context.Context, r *run) (*sieve, error) {
	s := &sieve{run: r, verdicts: newVerdicts(r), own: ranking.ScoreOwn(&r.index.Lists, r.words)}
	var phrases []phrase
	for _, c := range r.require {
		for _, w := range c.words {
			if !w.Stop || len(c.words) == 1 {
				s.keep(w.Holders(&r.index.Lists), !c.not)
			}
		}
		if c.phrase != nil {
			phrases = append(phrases, *c.phrase)
		}
	}
	if r.request.Prefix != "" {
		beginning := r.lexicon.Query(r.request.Prefix)
		last := beginning[len(beginning)-1].Text
		for _, w := range r.words {
			if w.Text == last {
				s.keep(w.Holders(&r.index.Lists), true)
			}
		}
	}
	if len(phrases) > 0 {
		stand, err := s.standing(ctx, phrases)
		if err != nil {
			return nil, err
		}
		s.keep(stand, true)
	}
	return s, nil
}

// keep keeps the documents that hold something, or those that do not.
func (s *sieve) keep(holds []bool, want bool) {
	if s.kept == nil {
		s.kept = slices.Repeat([]bool{true}, s.index.Size)
	}
	for d, holds := range holds {
		s.kept[d] = s.kept[d] && holds == want
	}
}

const (
	// maxPhraseCandidates is how many memories, the best by their words, are read to see whether a phrase stands in them.
	maxPhraseCandidates = 2_000
	// readAtOnce bounds the memories that are held at a time: each may be of 1 MiB.
	readAtOnce = 50
)

// standing returns which documents hold all of the phrases.
func (s *sieve) standing(ctx context.Context, phrases []phrase) ([]bool, error) {
	best, err := s.best(ctx, maxPhraseCandidates)
	if err != nil {
		return nil, err
	}
	documents := map[int]bool{}
	for _, b := range best {
		documents[b.Document] = true
	}
	places, err := s.index.Places(ctx, documents)
	if err != nil {
		return nil, err
	}
	all := make([]bool, s.index.Size)
	for some := range slices.Chunk(best, readAtOnce) {
		memories, err := s.memories(ctx, some, places)
		if err != nil {
			return nil, err
		}
		for _, b := range some {
			stand, err := standIn(ctx, phrases, s.lexicon, memories[places[b.Document].Memory].Content)
			if err != nil {
				return nil, err
			}
			all[b.Document] = !slices.Contains(stand, false)
		}
	}
	return all, nil
}

// passes tells whether a document that was checked may be found.
func (s *sieve) passes(document int) bool {
	return (s.kept == nil || s.kept[document]) && s.accepts(document)
}

// mayPass tells whether a document may be found as far as is known.
func (s *sieve) mayPass(document int) bool {
	return (s.kept == nil || s.kept[document]) && s.mayAccept(document)
}

// best returns the documents that may be found and are best by their own words, in order.
func (s *sieve) best(ctx context.Context, limit int) ([]ranking.Ranked, error) {
	for take := limit; ; {
		best := s.own.Best(take, s.mayPass)
		if !s.filters() {
			return best, nil
		}
		documents := make([]int, len(best))
		for i, b := range best {
			documents[i] = b.Document
		}
		if err := s.check(ctx, documents); err != nil {
			return nil, err
		}
		all := len(best) < take
		best = slices.DeleteFunc(best, func(b ranking.Ranked) bool { return !s.passes(b.Document) })
		if all || len(best) >= limit {
			return best[:min(limit, len(best))], nil
		}
		// As many as are expected to be needed, and some more.
		take = len(best) + int(1.3*float64(limit-len(best))/s.rate()) + 1
	}
}
