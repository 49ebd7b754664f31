package recall

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/queries/filter"
)

// maxPhraseCandidates is how many memories, the best by their words, are read to see whether a phrase stands in them.
const maxPhraseCandidates = 2_000

// passing returns which documents may be found: those of memories that the filter lets through and that hold what they must.
// It returns nil for all.
func (r *run) passing(ctx context.Context) (func(document int) bool, error) {
	passes, err := r.filtered(ctx)
	if err != nil {
		return nil, err
	}
	add := func(more []bool, want bool) {
		before := passes
		passes = func(d int) bool { return (before == nil || before(d)) && more[d] == want }
	}
	for _, c := range r.require {
		for _, w := range c.words {
			if !w.Stop || len(c.words) == 1 {
				add(r.index.holders(w), !c.not)
			}
		}
	}
	if r.request.Prefix != "" {
		beginning := r.lexicon.Query(r.request.Prefix)
		last := beginning[len(beginning)-1].Text
		for _, w := range r.words {
			if w.Text == last {
				add(r.index.holders(w), true)
			}
		}
	}
	for _, c := range r.require {
		if c.phrase == nil {
			continue
		}
		best := rankOwn(r.index, r.words, maxPhraseCandidates, passes)
		documents := map[int]bool{}
		for _, b := range best {
			documents[b.document] = true
		}
		places, err := r.storedPlaces(ctx, documents)
		if err != nil {
			return nil, err
		}
		memories, err := r.memories(ctx, best, places)
		if err != nil {
			return nil, err
		}
		stands := make([]bool, r.index.size)
		for _, b := range best {
			stands[b.document] = c.phrase.standsIn(r.lexicon, memories[places[b.document].memory].Content)
		}
		add(stands, true)
	}
	return passes, nil
}

// holders returns which documents hold a word itself, not only a synonym.
func (x *index) holders(w word) []bool {
	holds := make([]bool, x.size)
	for _, a := range w.terms {
		if a.Kind == lexicon.Synonym {
			continue
		}
		for _, d := range x.lists[a.Term].Docs {
			holds[d] = !x.hidden[d]
		}
	}
	return holds
}

// filtered returns the documents of the memories that the filter lets through; nil for all.
func (r *run) filtered(ctx context.Context) (func(document int) bool, error) {
	args := filter.Args{r.snap.Tenant}
	conditions := r.narrow.SQL(filter.Memories, r.index.moment, &args)
	if len(conditions) <= 1 { // the state, which the index knows
		return nil, nil
	}
	conditions = append(conditions, r.owners.SQL(filter.Memories, r.index.moment, &args)...)
	sql := `
select d.scope, d.doc
  from (` + r.then().Select(&args, conditions, "") + `) as m
  join search_documents as d on d.tenant_id = $1 and d.memory_id = m.id
 where d.from_seq <= ` + args.Add(r.index.position) + ` and d.to_seq > ` + args.Add(r.index.position)
	rows, err := r.conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	passing := make([]bool, r.index.size)
	var scope int64
	var doc int
	_, err = pgx.ForEachRow(rows, []any{&scope, &doc}, func() error {
		if s := r.index.scopes[scope]; s != nil && doc < s.documents {
			passing[s.base+doc] = true
		}
		return nil
	})
	err = errors.Join(err, rows.Err())
	return func(document int) bool { return passing[document] }, err
}
