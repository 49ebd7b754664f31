package queries

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/snapshot"
)

// MaxMatchingIDs is the most ids that MatchingIDs returns.
const MaxMatchingIDs = 10_000

// MatchingIDs returns the ids of the memories that match, in order, at most limit of them after an id. Start with uuid.Nil
// and continue with the last id returned.
func (r *Reader) MatchingIDs(ctx context.Context, tenant domain.Tenant, f Filter, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	where, err := f.Check()
	if err != nil {
		return nil, err
	}
	if limit, err = checkLimit(limit, MaxMatchingIDs, MaxMatchingIDs); err != nil {
		return nil, err
	}
	args := filter.Args{tenant}
	matching := where.SQL(filter.Memories, r.source.Now(), &args)
	matching.Add("id > ", args.Add(after))
	sql := `
select id
  from agent_memories
 where tenant_id = $1` + matching.And() + `
 order by id
 limit ` + args.Add(limit)
	var ids []uuid.UUID
	_, err = r.source.Answer(ctx, snapshot.Snapshot{Tenant: tenant}, sql, args, snapshot.CollectInto(&ids, pgx.RowTo[uuid.UUID]))
	if err != nil {
		return nil, fmt.Errorf("find matching memories: %w", err)
	}
	return ids, nil
}

// Count returns how many memories match, and the sequence_id that the number reflects.
func (r *Reader) Count(ctx context.Context, tenant domain.Tenant, f Filter, minSequenceID int64) (count, sequenceID int64, err error) {
	where, err := f.Check()
	if err != nil {
		return 0, 0, err
	}
	snap, err := r.source.At(ctx, tenant, At{MinSequenceID: minSequenceID})
	if err != nil {
		return 0, 0, err
	}
	args := filter.Args{tenant}
	matching := where.SQL(filter.Memories, snap.Moment, &args)
	sql := `
select count(*)
  from agent_memories
 where tenant_id = $1` + matching.And()
	var counts []int64
	sequenceID, err = r.source.Answer(ctx, snap, sql, args, snapshot.CollectInto(&counts, pgx.RowTo[int64]))
	if err != nil {
		return 0, 0, fmt.Errorf("count memories: %w", err)
	}
	return counts[0], sequenceID, nil
}
