package recall

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/recall/index"
	"github.com/auren-memory/auren/queries/recall/ranking"
	"github.com/auren-memory/auren/queries/snapshot"
)

// memories reads the memories of documents as of the position of the index.
func (r *run) memories(ctx context.Context, of []ranking.Ranked, places map[int]*index.Place) (map[uuid.UUID]snapshot.Memory, error) {
	if len(of) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(of))
	for i, b := range of {
		ids[i] = places[b.Document].Memory
	}
	sql, args := r.index.State.SelectByIDs(ids)
	rows, err := r.conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	memories, err := snapshot.CollectByID(rows)
	return memories, errors.Join(err, rows.Err())
}

// memory returns a memory as of the position of the index if it matches, or nil.
func (r *run) memory(ctx context.Context, id uuid.UUID, where filter.Where) (*snapshot.Memory, error) {
	args := filter.Args{r.snap.Tenant}
	conditions := where.SQL(filter.Memories, r.index.State.Moment, &args)
	conditions.Add("id = ", args.Add(id))
	rows, err := r.conn.Query(ctx, r.index.State.Select(&args, conditions, ""), args...)
	if err != nil {
		return nil, err
	}
	m, err := pgx.CollectExactlyOneRow(rows, snapshot.MemoryScanner())
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return &m, err
}
