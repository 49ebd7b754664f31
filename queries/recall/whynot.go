package recall

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/recall/answer"
	"github.com/auren-memory/auren/queries/snapshot"
)

// whyNot explains a memory, in the order in which a search leaves memories out. A memory of others than the agents and users that
// are searched is none at all.
func (r *run) whyNot(ctx context.Context, id uuid.UUID) (*answer.WhyNot, error) {
	why := &answer.WhyNot{ID: id}
	m, err := r.read(ctx, id, r.owners)
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
	for _, part := range r.narrow.Parts() {
		if passing, err := r.read(ctx, id, part); err != nil {
			return nil, err
		} else if passing == nil {
			return why.Because(answer.ByFilters, "it does not match %s", part), nil
		}
	}
	document, err := r.documentOf(ctx, id)
	if err != nil {
		return nil, err
	}
	if unmet, err := r.unmet(ctx, why, document, m); err != nil || unmet {
		return why, err
	}
	return r.whyRank(ctx, why, document)
}

// unmet explains the first condition that a memory does not meet.
func (r *run) unmet(ctx context.Context, why *answer.WhyNot, document int, m *snapshot.Memory) (bool, error) {
	for _, c := range r.require {
		for _, w := range c.words {
			if holds := r.index.holds(document, w); holds == c.not && (!w.Stop || len(c.words) == 1) {
				what := map[bool]string{true: "it holds", false: "it does not hold"}[holds]
				why.Because(c.field, "%s %s", what, w.Text)
				return true, nil
			}
		}
	}
	for _, w := range r.words {
		if w.prefix && !r.index.holds(document, w) {
			why.Because(answer.ByPrefix, "it holds no word that begins with %s", w.Text)
			return true, nil
		}
	}
	for _, c := range r.require {
		if c.phrase == nil {
			continue
		}
		stand, err := standIn(ctx, []phrase{*c.phrase}, r.lexicon, m.Content)
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

// holds tells whether a document holds a word itself.
func (x *index) holds(document int, w word) bool {
	for _, a := range w.terms {
		if a.Kind != lexicon.Synonym && slices.Contains(x.lists[a.Term].Docs, uint32(document)) { //nolint:gosec // a document's number
			return true
		}
	}
	return false
}

// whyRank explains where a document that passes all conditions stands in the order.
func (r *run) whyRank(ctx context.Context, why *answer.WhyNot, document int) (*answer.WhyNot, error) {
	best, err := r.order.best(ctx, r.index.size)
	if err != nil {
		return nil, err
	}
	place := -1
	for i := range best {
		if best[i].document == document {
			place = i
		}
	}
	if place < 0 {
		return r.whyUnranked(ctx, why, document)
	}
	explaining := *r
	explaining.request.Explain = true
	x := explaining.resultsFrom(place)
	if err := x.read(ctx, place/x.size); err != nil {
		return nil, err
	}
	for i := range x.found {
		if x.found[i].document == document {
			return why.RankedAs(x.number*x.size+i, x.hit(&x.found[i])), nil
		}
	}
	return why, errors.New("a ranked memory is not read")
}

// whyUnranked explains a document that is not in the order.
func (r *run) whyUnranked(ctx context.Context, why *answer.WhyNot, document int) (*answer.WhyNot, error) {
	if d, ok := r.order.folded[document]; ok {
		places, err := r.storedPlaces(ctx, map[int]bool{d.of: true})
		if err != nil {
			return nil, err
		}
		why.DuplicateOf = &places[d.of].memory
		return why.Because(answer.ByFold, "it says the same as %s", why.DuplicateOf), nil
	}
	var words []string
	for _, w := range r.words {
		if slices.ContainsFunc(w.matches, func(m match) bool { return int(m.document) == document }) {
			if !r.request.Fold {
				return why.Because(answer.ByPhrase, "it is not among the %d best memories, in which phrases are looked for", maxPhraseCandidates), nil
			}
			return why.Because(answer.ByFold, "it is not among the %d best memories, which are compared", maxFolded), nil
		}
		words = append(words, w.Text)
	}
	return why.Because(answer.ByQuery, "it holds none of the words looked for: %s", strings.Join(words, ", ")), nil
}

// read returns a memory as of the position of the index if it matches, or nil.
func (r *run) read(ctx context.Context, id uuid.UUID, where filter.Where) (*snapshot.Memory, error) {
	args := filter.Args{r.snap.Tenant}
	conditions := where.SQL(filter.Memories, r.index.moment, &args)
	conditions.Add("id = ", args.Add(id))
	rows, err := r.conn.Query(ctx, r.then().Select(&args, conditions, ""), args...)
	if err != nil {
		return nil, err
	}
	m, err := pgx.CollectExactlyOneRow(rows, snapshot.MemoryScanner())
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return &m, err
}

const readDocument = `
select scope, doc
  from search_documents
 where tenant_id = $1 and memory_id = $2 and from_seq <= $3 and to_seq > $3`

// documentOf returns the document of an active memory; -1 if the index has none.
func (r *run) documentOf(ctx context.Context, id uuid.UUID) (int, error) {
	var scope int64
	var doc int
	err := r.conn.QueryRow(ctx, readDocument, r.snap.Tenant, id, r.index.position).Scan(&scope, &doc)
	s := r.index.scopes[scope]
	if errors.Is(err, pgx.ErrNoRows) || err == nil && s == nil {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	return s.base + doc, nil
}
