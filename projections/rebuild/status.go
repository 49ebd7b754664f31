package rebuild

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/projections/generation"
)

// Status describes the tables beside the live ones.
type Status struct {
	// Running means that a process is working on them; otherwise they were left behind, and the next rebuild drops them.
	Running bool `json:"running"`
	// Verify means that the new tables are compared with the live ones instead of replacing them.
	Verify bool `json:"verify"`
	// Projections are those whose tables are being built, or were replaced and not dropped yet.
	Projections []string `json:"projections"`
	// Schemas hold the tables.
	Schemas []string  `json:"schemas"`
	BeganAt time.Time `json:"began_at"`
	// Done and Total count events, once per projection. New events add to the total.
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
	// Stopped names the event that stopped the rebuild, and why; empty if it did not stop.
	Stopped string `json:"stopped,omitempty"`
}

const (
	isLocked = `
select exists (
       select
         from pg_locks
        where locktype = 'advisory' and granted and objsubid = 1
          and database = (select oid from pg_database where datname = current_database())
          and (classid::bigint << 32) | objid::bigint = $1)`

	readDone = `
select coalesce(sum(sequence_id), 0)::bigint, coalesce((select sum(sequence_id) from logs), 0)::bigint,
       coalesce(min(format('tenant %%s stopped at event %%s: %%s', tenant_id, stopped_at, stopped_reason)) filter (where stopped_at is not null), '')
  from %s`
)

// ReadStatus describes the generations that are not live; nil if there are none.
func ReadStatus(ctx context.Context, pool *pgxpool.Pool) (*Status, error) {
	all, err := generation.List(ctx, pool)
	if err != nil {
		return nil, err
	}
	var s *Status
	for _, g := range all {
		if g.State == generation.Live {
			continue
		}
		if s == nil {
			s = &Status{BeganAt: g.CreatedAt}
			if err := pool.QueryRow(ctx, isLocked, int64(lockKey)).Scan(&s.Running); err != nil {
				return nil, fmt.Errorf("read the status of the rebuild: %w", err)
			}
		}
		s.Projections, s.Schemas = append(s.Projections, g.Projection), append(s.Schemas, g.Schema)
		s.Verify = s.Verify || g.State == generation.Comparing
		if g.State == generation.Retired {
			continue
		}
		var done, total int64
		var stopped string
		err := pool.QueryRow(ctx, fmt.Sprintf(readDone, g.Table("projection_checkpoints"))).Scan(&done, &total, &stopped)
		if isUndefined(err) {
			continue // it has just become live, or was dropped
		}
		if err != nil {
			return nil, fmt.Errorf("read the status of the rebuild: %w", err)
		}
		s.Done, s.Total, s.Stopped = s.Done+done, s.Total+total, cmp.Or(s.Stopped, stopped)
	}
	return s, nil
}

// isUndefined reports whether the error means that a table or its schema does not exist.
func isUndefined(err error) bool { return hasCode(err, "42P01", "3F000") }
