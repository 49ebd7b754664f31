package recall

import (
	"context"
	"errors"
	"slices"

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
	var phrases []phrase
	var kept []bool // by the conditions so far; nil for all
	add := func(more []bool, want bool) {
		if kept == nil {
			kept = slices.Repeat([]bool{true}, r.index.size)
			filtered := passes
			passes = func(d int) bool { return kept[d] && (filtered == nil || filtered(d)) }
		}
		for d, holds := range more {
			kept[d] = kept[d] && holds == want
		}
	}
	for _, c := range r.require {
		for _, w := range c.words {
			if !w.Stop || len(c.words) == 1 {
				add(r.index.holders(w), !c.not)
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
				add(r.index.holders(w), true)
			}
		}
	}
	if len(phrases) > 0 {
		stand, err := r.standing(ctx, phrases, passes)
		if err != nil {
			return nil, err
		}
		add(stand, true)
	}
	return passes, nil
}

// readAtOnce bounds the memories that are held at a time: each may be of 1 MiB.
const readAtOnce = 50

// standing returns which documents hold all of the phrases.
func (r *run) standing(ctx context.Context, phrases []phrase, passes func(document int) bool) ([]bool, error) {
	best := rankOwn(r.index, r.words, maxPhraseCandidates, passes)
	documents := map[int]bool{}
	for _, b := range best {
		documents[b.document] = true
	}
	places, err := r.storedPlaces(ctx, documents)
	if err != nil {
		return nil, err
	}
	all := make([]bool, r.index.size)
	for some := range slices.Chunk(best, readAtOnce) {
		memories, err := r.memories(ctx, some, places)
		if err != nil {
			return nil, err
		}
		for _, b := range some {
			stand, err := standIn(ctx, phrases, r.lexicon, memories[places[b.document].memory].Content)
			if err != nil {
				return nil, err
			}
			all[b.document] = !slices.Contains(stand, false)
		}
	}
	return all, nil
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
