package queries

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries/snapshot"
)

// Get returns one memory, in any state, and the sequence_id that the answer reflects. The error is of kind NotFound if the
// tenant has no such memory, or had none then.
func (r *Reader) Get(ctx context.Context, tenant domain.Tenant, id uuid.UUID, at At) (Memory, int64, error) {
	byID, position, err := r.ByIDs(ctx, tenant, []uuid.UUID{id}, at)
	if err != nil {
		return Memory{}, 0, err
	}
	m, ok := byID[id]
	if !ok {
		return Memory{}, 0, errNotFound(id, at)
	}
	return m, position, nil
}

func errNotFound(id uuid.UUID, at At) error {
	if at.AsOf != (AsOf{}) {
		return domain.Errorf(domain.NotFound, "there was no memory %s then", id)
	}
	return domain.Errorf(domain.NotFound, "there is no memory %s", id)
}

// MaxIDs is how many memories ByIDs reads at once.
const MaxIDs = 1000

// ByIDs returns the memories with at most MaxIDs ids, in any state, and the sequence_id that the answer reflects. A memory
// that does not exist is absent from the result.
func (r *Reader) ByIDs(ctx context.Context, tenant domain.Tenant, ids []uuid.UUID, at At) (map[uuid.UUID]Memory, int64, error) {
	if len(ids) > MaxIDs {
		return nil, 0, domain.Invalidf("ids", "must be at most %d ids, got %d", MaxIDs, len(ids))
	}
	snap, err := r.source.At(ctx, tenant, at)
	if err != nil {
		return nil, 0, err
	}
	var memories map[uuid.UUID]Memory
	sql, args := snap.SelectByIDs(ids)
	position, err := r.source.Answer(ctx, snap, sql, args, func(rows pgx.Rows) (err error) {
		memories, err = snapshot.CollectByID(rows)
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("get %d memories: %w", len(ids), err)
	}
	return memories, position, nil
}
