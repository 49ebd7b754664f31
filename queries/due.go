package queries

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain/memory"
)

// Due returns at most limit active memories of each tenant whose expires_at is not after now, the most overdue
// first; limit is from 1 to MaxLimit, default DefaultLimit.
func (r *Reader) Due(ctx context.Context, now time.Time, limit int) ([]memory.Key, error) {
	limit, err := checkLimit(limit, DefaultLimit, MaxLimit)
	if err != nil {
		return nil, err
	}
	var due []memory.Key
	err = r.source.Connected(ctx, func(ctx context.Context, conn *pgxpool.Conn) (err error) {
		rows, _ := conn.Query(ctx, selectDue, now, limit) // CollectRows returns its error
		due, err = pgx.CollectRows(rows, pgx.RowToStructByPos[memory.Key])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find due memories: %w", err)
	}
	return due, nil
}

// Tenant by tenant, so that each follows its own index and none crowds out another.
const selectDue = `
select tenants.tenant_id, due.id
  from projection_checkpoints as tenants
 cross join lateral (
     select id, expires_at
       from agent_memories
      where tenant_id = tenants.tenant_id and state = 'active' and expires_at <= $1
      order by expires_at
      limit $2
 ) as due
 where tenants.projection = 'agent_memories'
 order by due.expires_at`
