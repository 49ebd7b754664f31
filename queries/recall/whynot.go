package recall

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/queries/recall/answer"
	"github.com/auren-memory/auren/queries/recall/ranking"
	"github.com/auren-memory/auren/queries/snapshot"
)

// whyNot explains a memory, in the order in which a search leaves memories out. A memory of others than the agents and users that
// are searched is none at all.
func (o *order) whyNot(ctx context.Context, id uuid.UUID) (*answer.WhyNot, error) {
	why := &answer.WhyNot{ID: id}
	m, err := o.memory(ctx, id, o.owners)
	switch {
	case err != nil:
		return nil, err
	case m == nil:
		return why.Because(answer.NotFound, "the agents and users that are searched have, or had then, no memory with this id"), nil
	case m.State == string(memory.StateForgotten):
		return why.Because(answer.Forgotten, "it is forgotten, since %s", m.RecordedAt.Format("2006-01-02T15:04:05Z")), nil
	case m.State != string(memory.StateActive):
		return why.Because(answer.Expired, "it has expired"), nil
	}
	for _, part := range o.narrow.Parts() {
		if passing, err := o.memory(ctx, id, part); err != nil {
			return nil, err
		} else if passing == nil {
			return why.Because(answer.ByFilters, "it does not match %s", part), nil
		}
	}
	document, err := o.index.DocumentOf(ctx, id)
	if err != nil {
		return nil, err
	}
	if unmet, err := o.unmet(ctx, why, document, m); err != nil || unmet {
		return why, err
	}
	return o.whyRank(ctx, why, document)
}

// unmet explains the first condition that a memory does not meet.
func (o *order) unmet(ctx context.Context, why *answer.WhyNot, document int, m *snapshot.Memory) (bool, error) {
	holds := func(w ranking.Word) bool { return document >= 0 && w.Holders(&o.index.Lists)[document] }
	for _, c := range o.require {
		for _, w := range c.words {
			if held := holds(w); held == c.not && (!w.Stop || len(c.words) == 1) {
				what := map[bool]string{true: "it holds", false: "it does not hold"}[held]
				why.Because(c.field, "%s %s", what, w.Text)
				return true, nil
			}
		}
	}
	for _, w := range o.words {
		if w.Prefix && !holds(w) {
			why.Because(answer.ByPrefix, "it holds no word that begins with %s", w.Text)
			return true, nil
		}
	}
	for _, c := range o.require {
		if c.phrase == nil {
			continue
		}
		stand, err := standIn(ctx, []phrase{*c.phrase}, o.lexicon, m.Content)
		if err != nil {
			return false, err
		}
		if !stand[0] {
			why.Because(c.field, "the words do not stand in it one after the other: %s", c.text)
			return true, nil
		}
	}
	return false, nil
}

// whyRank explains where a document that passes all conditions stands in the order.
func (o *order) whyRank(ctx context.Context, why *answer.WhyNot, document int) (*answer.WhyNot, error) {
	best, err := o.best(ctx, o.index.Size)
	if err != nil {
		return nil, err
	}
	place := -1
	for i := range best {
		if best[i].Document == document {
			place = i
		}
	}
	if place < 0 {
		return o.whyUnranked(ctx, why, document)
	}
	run, explained := *o.run, *o
	run.request.Explain = true
	explained.run = &run
	x := explained.resultsFrom(place)
	if err := x.read(ctx, place/x.size); err != nil {
		return nil, err
	}
	for i := range x.found {
		if x.found[i].Document == document {
			return why.RankedAs(x.number*x.size+i, x.hit(&x.found[i])), nil
		}
	}
	return why, errors.New("a ranked memory is not read")
}

// whyUnranked explains a document that is not in the order.
func (o *order) whyUnranked(ctx context.Context, why *answer.WhyNot, document int) (*answer.WhyNot, error) {
	if first, ok := o.folded[document]; ok {
		places, err := o.index.Places(ctx, map[int]bool{first: true})
		if err != nil {
			return nil, err
		}
		why.DuplicateOf = &places[first].Memory
		return why.Because(answer.ByFold, "it says the same as %s", why.DuplicateOf), nil
	}
	for d := range o.sieve.own.All() {
		switch {
		case d != document:
		case o.request.Fold:
			return why.Because(answer.ByFold, "it is not among the %d best memories, which are compared", maxFolded), nil
		default:
			return why.Because(answer.ByPhrase, "it is not among the %d best memories, in which phrases are looked for", maxPhraseCandidates), nil
		}
	}
	var words []string
	for _, w := range o.words {
		words = append(words, w.Text)
	}
	return why.Because(answer.ByQuery, "it holds none of the words looked for: %s", strings.Join(words, ", ")), nil
}
