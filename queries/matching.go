package queries

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
)

// MaxMatchingIDs is how many ids MatchingIDs returns at most.
const MaxMatchingIDs = 10_000

// MatchingIDs returns the ids of the memories that match, in the order of the ids, at most limit of them after
// an id; begin with uuid.Nil and go on with the last one that was returned.
func (r *Reader) MatchingIDs(ctx context.Context, tenant domain.Tenant, f Filter, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	f, err := f.check()
	if err != nil {
		return nil, err
	}
	if limit, err = checkLimit(limit, MaxMatchingIDs, MaxMatchingIDs); err != nil {
		return nil, err
	}
	s := newStatement(tenant)
	where := f.where(s, r.config.Now())
	where.add(`id > `, s.arg(after))
	sql := `
select id
  from agent_memories
 where tenant_id = $1` + where.and() + `
 order by id
 limit ` + s.arg(limit)
	var ids []uuid.UUID
	_, err = r.answer(ctx, tenant, 0, sql, s.args, collectInto(&ids, func(row pgx.CollectableRow) (id uuid.UUID, err error) {
		return id, row.Scan(&id)
	}))
	if err != nil {
		return nil, fmt.Errorf("find matching memories: %w", err)
	}
	return ids, nil
}

// Count returns how many memories match, and the sequence_id that the number reflects.
func (r *Reader) Count(ctx context.Context, tenant domain.Tenant, f Filter, minSequenceID int64) (count, sequenceID int64, err error) {
	if f, err = f.check(); err != nil {
		return 0, 0, err
	}
	v, err := r.view(ctx, tenant, At{MinSequenceID: minSequenceID})
	if err != nil {
		return 0, 0, err
	}
	s := newStatement(tenant)
	where := f.where(s, v.moment)
	sql := `
select count(*)
  from agent_memories
 where tenant_id = $1` + where.and()
	sequenceID, err = r.answer(ctx, tenant, minSequenceID, sql, s.args, func(rows pgx.Rows) error {
		for rows.Next() {
			if err := rows.Scan(&count); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("count memories: %w", err)
	}
	return count, sequenceID, nil
}
