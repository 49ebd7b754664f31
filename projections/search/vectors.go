package search

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// document is a text as PostgreSQL indexes it.
type document struct {
	vector string // the text form of a tsvector
	words  int
}

// Words are counted as lexemes with their repetitions, so stop words do not count.
const makeVectors = `
select v.vector::text, (select coalesce(sum(cardinality(positions)), 0) from unnest(v.vector))::int
  from unnest($1::text[]) with ordinality as t (text, n)
 cross join lateral (select to_tsvector('english', t.text) as vector offset 0) as v
 order by t.n`

// vectorizeAtOnce is how many texts one statement turns into vectors.
const vectorizeAtOnce = 100

// vectorize makes the vectors of the texts, in parallel where there are many.
func (p *Projection) vectorize(ctx context.Context, texts map[uuid.UUID]string) (map[uuid.UUID]document, error) {
	ids := make([]uuid.UUID, 0, len(texts))
	for id := range texts {
		ids = append(ids, id)
	}
	documents := make([]document, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(p.workers)
	for from := 0; from < len(ids); from += vectorizeAtOnce {
		to := min(from+vectorizeAtOnce, len(ids))
		group.Go(func() error { return p.makeVectors(ctx, ids[from:to], texts, documents[from:to]) })
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	byID := make(map[uuid.UUID]document, len(ids))
	for i, id := range ids {
		byID[id] = documents[i]
	}
	return byID, nil
}

func (p *Projection) makeVectors(ctx context.Context, ids []uuid.UUID, texts map[uuid.UUID]string, into []document) error {
	batch := make([]string, len(ids))
	for i, id := range ids {
		batch[i] = texts[id]
	}
	rows, err := p.pool.Query(ctx, makeVectors, batch)
	if err != nil {
		return fmt.Errorf("make search vectors: %w", err)
	}
	made, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d document, err error) {
		err = row.Scan(&d.vector, &d.words)
		return d, err
	})
	if err != nil {
		return fmt.Errorf("make search vectors: %w", err)
	}
	copy(into, made)
	return nil
}
