package recall

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
)

// order is the order of the documents by their words, from the best to the worst. It does not depend on how many are asked
// for, so pages that are read one by one are parts of it.
//
//   - The documents best by their own words, as many as around, and the neighbours that those lend a chance are the head,
//     scored with what stands around them.
//   - The others follow by their own words alone.
type order struct {
	*run
	sieve *sieve

	ranked   []ranked // the beginning of the order
	complete bool     // ranked is all of it
	head     []ranked
	inHead   map[int]bool // nil while nothing but the head is ranked
	covered  *coverage    // of the head
	others   *coverage    // of what follows

	// The documents that others stand for, and the memories that a document stands for; nil without folding.
	folded     map[int]duplicate
	duplicates map[int][]uuid.UUID
}

// best returns the beginning of the order: at least n documents, if there are as many.
func (o *order) best(ctx context.Context, n int) ([]ranked, error) {
	if o.complete || n <= len(o.ranked) {
		return o.ranked, nil
	}
	limit := max(n, around)
	own, err := o.sieve.best(ctx, limit)
	if err != nil {
		return nil, err
	}
	if o.head == nil {
		if err := o.rankHead(ctx, own[:min(around, len(own))]); err != nil {
			return nil, err
		}
	}
	if more := len(o.head) - around; n > around && more > 0 && len(own) == limit { // the head takes them from the others
		limit += more
		if own, err = o.sieve.best(ctx, limit); err != nil {
			return nil, err
		}
	}
	o.complete = len(own) < limit
	o.ranked = o.head
	if len(own) <= around {
		if !o.complete { // what follows may be better than the last of the head
			o.ranked = o.head[:around]
		}
		return o.ranked, nil
	}
	if o.inHead == nil {
		o.inHead = make(map[int]bool, len(o.head))
		for _, h := range o.head {
			o.inHead[h.document] = true
		}
	}
	o.ranked = o.merge(own[around:])
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
		known[r.document] = true
	}
	for _, w := range o.words {
		for _, m := range w.matches {
			if d := int(m.document); !known[d] && o.sieve.passes(d) {
				return true, nil
			}
		}
	}
	return false, nil
}

func (o *order) rankHead(ctx context.Context, own []ranked) (err error) {
	var around surroundings
	if !o.request.WithoutNeighbors {
		documents := make([]int, len(own))
		for i, d := range own {
			documents[i] = d.document
		}
		if around, err = o.index.surround(ctx, o.conn, string(o.snap.Tenant), documents); err != nil {
			return err
		}
	}
	// The scores so far are sums of 32 bits, enough to choose by.
	if err := o.sieve.check(ctx, slices.Collect(maps.Keys(candidatesAround(own, around)))); err != nil {
		return err
	}
	o.head, o.covered = rankAround(o.index, o.words, own, around, o.sieve.passes)
	return nil
}

// merge returns the head, and the tail as far as it is known: none of it comes before the first of the head, which are better
// by their own words, though sums of different precision might say so.
func (o *order) merge(tail []ranked) []ranked {
	merged := append(make([]ranked, 0, len(o.head)+len(tail)), o.head[:around]...)
	rest := o.head[around:]
	documents := make([]int, len(tail))
	for i, t := range tail {
		documents[i] = t.document
	}
	o.others = cover(o.words, documents, nil)
	for _, t := range tail {
		if o.inHead[t.document] {
			continue
		}
		for len(rest) > 0 && rest[0].score >= t.score {
			merged, rest = append(merged, rest[0]), rest[1:]
		}
		t.score = o.others.score(o.words, t.document) // with 64 bits
		merged = append(merged, t)
	}
	if o.complete {
		merged = append(merged, rest...)
	}
	return merged
}

// surrounding is a document and the neighbours that count for it.
func (o *order) surrounding(document int) surrounding {
	if o.inHead == nil || o.inHead[document] {
		return o.covered.surrounding(document)
	}
	return o.others.surrounding(document)
}

// total counts the documents in the order.
func (o *order) total(ctx context.Context) (n int, err error) {
	if _, err := o.best(ctx, 1); err != nil {
		return 0, err
	}
	counted := make([]bool, o.index.size)
	var documents []int
	count := func(document int) {
		if !counted[document] {
			documents = append(documents, document)
		}
		counted[document] = true
	}
	for _, w := range o.words {
		for _, m := range w.matches {
			count(int(m.document))
		}
	}
	for _, h := range o.head {
		count(h.document)
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
