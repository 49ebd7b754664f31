package queries

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/snapshot"
)

// Get returns one memory, in whatever state it is, and the sequence_id that the answer reflects. The error is of
// kind NotFound where the tenant has no such memory, or had none then.
func (r *Reader) Get(ctx context.Context, tenant domain.Tenant, id uuid.UUID, at At) (Memory, int64, error) {
	memories, position, err := r.byIDs(ctx, tenant, []uuid.UUID{id}, at)
	if err != nil {
		return Memory{}, 0, fmt.Errorf("get memory %s: %w", id, err)
	}
	if len(memories) == 0 {
		return Memory{}, 0, errNotFound(id, at)
	}
	return memories[0], position, nil
}

func errNotFound(id uuid.UUID, at At) error {
	if at.AsOf != (AsOf{}) {
		return domain.Errorf(domain.NotFound, "there was no memory %s then", id)
	}
	return domain.Errorf(domain.NotFound, "there is no memory %s", id)
}

// MaxIDs is how many memories ByIDs reads at once.
const MaxIDs = 1000

// ByIDs returns the memories of at most MaxIDs ids, in whatever state they are, and the sequence_id that the
// answer reflects. A memory that does not exist is absent from the result.
func (r *Reader) ByIDs(ctx context.Context, tenant domain.Tenant, ids []uuid.UUID, at At) (map[uuid.UUID]Memory, int64, error) {
	if len(ids) > MaxIDs {
		return nil, 0, domain.Invalidf("ids", "must be at most %d ids, got %d", MaxIDs, len(ids))
	}
	memories, position, err := r.byIDs(ctx, tenant, ids, at)
	if err != nil {
		return nil, 0, fmt.Errorf("get %d memories: %w", len(ids), err)
	}
	byID := make(map[uuid.UUID]Memory, len(memories))
	for _, m := range memories {
		byID[m.ID] = m
	}
	return byID, position, nil
}

func (r *Reader) byIDs(ctx context.Context, tenant domain.Tenant, ids []uuid.UUID, at At) ([]Memory, int64, error) {
	snap, err := r.source.At(ctx, tenant, at)
	if err != nil {
		return nil, 0, err
	}
	args := filter.Args{tenant}
	where := filter.Conditions{"id = any(" + args.Add(pgtype.FlatArray[uuid.UUID](ids)) + ")"}
	var memories []Memory
	position, err := r.source.Answer(ctx, snap, snap.Select(&args, where, ""), args, snapshot.CollectInto(&memories, snapshot.MemoryScanner()))
	return memories, position, err
}
