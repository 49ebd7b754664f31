package recall

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/queries/recall/index"
	"github.com/auren-memory/auren/queries/recall/ranking"
)

// order is the order of the documents by their words, from the best to the worst. It does not depend on how many are asked
// for, so pages that are read one by one are parts of it.
//
//   - The documents best by their own words, as many as ranking.Around, and the neighbours that those lend a chance are the
//     head, scored with what stands around them.
//   - The others follow by their own words alone.
type order struct {
	*run
	sieve *sieve

	ranked   []ranking.Ranked // the beginning of the order
	complete bool             // ranked is all of it
	head     []ranking.Ranked
	inHead   map[int]bool      // nil while nothing but the head is ranked
	covered  *ranking.Coverage // of the head
	others   *ranking.Coverage // of what follows

	// The documents that others stand for, and the memories that a document stands for; nil without folding.
	folded     map[int]int
	duplicates map[int][]uuid.UUID
}

// best returns the beginning of the order: at least n documents, if there are as many.
func (o *order) best(ctx context.Context, n int) ([]ranking.Ranked, error) {
	if o.complete || n <= len(o.ranked) {
		return o.ranked, nil
	}
	limit := max(n, ranking.Around)
	own, err := o.sieve.best(ctx, limit)
	if err != nil {
		return nil, err
	}
	if o.head == nil {
		if err := o.rankHead(ctx, own[:min(ranking.Around, len(own))]); err != nil {
			return nil, err
		}
	}
	if more := len(o.head) - ranking.Around; n > ranking.Around && more > 0 && len(own) == limit { // the head takes them from the others
		limit += more
		if own, err = o.sieve.best(ctx, limit); err != nil {
			return nil, err
		}
	}
	o.complete = len(own) < limit
	o.ranked = o.head
	if len(own) <= ranking.Around {
		if !o.complete { // what follows may be better than the last of the head
			o.ranked = o.head[:ranking.Around]
		}
		return o.ranked, nil
	}
	if o.inHead == nil {
		o.inHead = make(map[int]bool, len(o.head))
		for _, h := range o.head {
			o.inHead[h.Document] = true
		}
	}
	o.ranked = o.merge(own[ranking.Around:])
	return o.ranked, nil
}

// reaches tells whether the order has more than n documents, of which best has returned so many.
func (o *order) reaches(ctx context.Context, n int) (bool, error) {
	if o.complete || n < max(len(o.ranked), len(o.head)) {
		return n < max(len(o.ranked), len(o.head)), nil
	}
	if o.sieve.filters() {
		best, err := o.best(ctx, n+1)
		return len(best) > n, err
	}
	known := make(map[int]bool, len(o.ranked))
	for _, r := range o.ranked {
		known[r.Document] = true
	}
	for d := range o.sieve.own.All() {
		if !known[d] && o.sieve.passes(d) {
			return true, nil
		}
	}
	return false, nil
}

func (o *order) rankHead(ctx context.Context, own []ranking.Ranked) (err error) {
	var around index.Surroundings
	if !o.request.WithoutNeighbors {
		documents := make([]int, len(own))
		for i, d := range own {
			documents[i] = d.Document
		}
		if around, err = o.index.Surround(ctx, documents); err != nil {
			return err
		}
	}
	// The scores so far are sums of 32 bits, enough to choose by.
	if err := o.sieve.check(ctx, slices.Collect(maps.Keys(ranking.Candidates(own, around)))); err != nil {
		return err
	}
	o.head, o.covered = ranking.RankAround(&o.index.Lists, o.words, own, around, o.sieve.passes)
	return nil
}

// merge returns the head, and the tail as far as it is known: none of it comes before the first of the head, which are better
// by their own words, though sums of different precision might say so.
func (o *order) merge(tail []ranking.Ranked) []ranking.Ranked {
	merged := append(make([]ranking.Ranked, 0, len(o.head)+len(tail)), o.head[:ranking.Around]...)
	rest := o.head[ranking.Around:]
	documents := make([]int, len(tail))
	for i, t := range tail {
		documents[i] = t.Document
	}
	o.others = ranking.Cover(o.words, documents, nil)
	for _, t := range tail {
		if o.inHead[t.Document] {
			continue
		}
		for len(rest) > 0 && rest[0].Score >= t.Score {
			merged, rest = append(merged, rest[0]), rest[1:]
		}
		t.Score = o.others.Score(t.Document) // with 64 bits
		merged = append(merged, t)
	}
	if o.complete {
		merged = append(merged, rest...)
	}
	return merged
}

// surrounding is a document of the order and the neighbours that count for it.
func (o *order) surrounding(document int) ranking.Surrounding {
	if o.inHead == nil || o.inHead[document] {
		return o.covered.Surrounding(document)
	}
	return o.others.Surrounding(document)
}

// named returns the documents and, for an explanation, the neighbours that it names.
func (o *order) named(best []ranking.Ranked) map[int]bool {
	documents := map[int]bool{}
	for _, b := range best {
		documents[b.Document] = true
		if !o.request.Explain {
			continue
		}
		at := o.surrounding(b.Document)
		for i := range o.words {
			documents[at.Best(i).Document] = true
		}
	}
	return documents
}

// total counts the documents in the order.
func (o *order) total(ctx context.Context) (n int, err error) {
	if _, err := o.best(ctx, 1); err != nil {
		return 0, err
	}
	found := map[int]bool{}
	for _, h := range o.head {
		found[h.Document] = true
	}
	documents := slices.Collect(maps.Keys(found))
	for d := range o.sieve.own.All() {
		if !found[d] {
			documents = append(documents, d)
		}
	}
	if err := o.sieve.check(ctx, documents); err != nil {
		return 0, err
	}
	for _, d := range documents {
		if o.sieve.passes(d) {
			n++
		}
	}
	return n, nil
}
