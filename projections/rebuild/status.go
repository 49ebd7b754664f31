package rebuild

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/projections/generation"
)

// Status says what there is beside the live tables.
type Status struct {
	// Running says that a process is working on it; otherwise it was left behind, and the next rebuild drops it.
	Running bool `json:"running"`
	// Verify says that the new tables are to be compared with the live ones rather than to replace them.
	Verify bool `json:"verify"`
	// Projections are those whose tables are built, or were replaced and not dropped yet.
	Projections []string `json:"projections"`
	// Schemas hold the tables.
	Schemas []string  `json:"schemas"`
	BeganAt time.Time `json:"began_at"`
	// Done and Total count the events of tables that are built, once per projection. What is appended meanwhile is added to the total.
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
	// Stopped says at which event the rebuild stopped and why; empty where it did not.
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

// ReadStatus tells about the generations that are not live; nil where there are none.
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
			continue // it has just been switched to, or dropped
		}
		if err != nil {
			return nil, fmt.Errorf("read the status of the rebuild: %w", err)
		}
		s.Done, s.Total, s.Stopped = s.Done+done, s.Total+total, cmp.Or(s.Stopped, stopped)
	}
	return s, nil
}

// isUndefined tells whether a table or its schema does not exist.
func isUndefined(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "42P01" || pg.Code == "3F000")
}
