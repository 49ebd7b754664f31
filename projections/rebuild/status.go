package rebuild

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Status says what is known of a rebuild that has not ended in a swap.
type Status struct {
	// Running says that a process is at work on it now; otherwise it was broken off or has failed, and the next one
	// of the same kind goes on with it.
	Running bool `json:"running"`
	// Verify says that it is to be compared with the live tables rather than to take their place.
	Verify bool `json:"verify"`
	// Projections are those whose tables are built.
	Projections []string  `json:"projections"`
	BeganAt     time.Time `json:"began_at"`
	Phase       Phase     `json:"phase"`
	// Done and Total count events, once per projection; what is appended meanwhile is added to the total.
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
	// Failure is why the last attempt failed; empty where none did, or where the next attempt has begun.
	Failure string `json:"failure,omitempty"`
	// Failures counts the attempts that failed.
	Failures int        `json:"failures"`
	FailedAt *time.Time `json:"failed_at"`
}

const readStatus = `
select exists (select from pg_locks
                where locktype = 'advisory' and granted and objsubid = 1
                  and database = (select oid from pg_database where datname = current_database())
                  and (classid::bigint << 32) | objid::bigint = $1),
       starts_with(p.description, $2),
       array(select m[1] from regexp_matches(p.description, '^projection (\S+) ', 'gn') as m),
       p.began_at, p.phase, coalesce(c.done, 0), coalesce(l.total, 0) * p.projections, p.failure, p.failures, p.failed_at
  from ` + Schema + `.` + plan + ` as p
 cross join (select sum(sequence_id)::bigint as done from ` + Schema + `.` + checkpoints + `) as c
 cross join (select sum(sequence_id)::bigint as total from logs) as l`

// ReadStatus tells about the rebuild that is under way or was broken off; nil where there is none.
func ReadStatus(ctx context.Context, pool *pgxpool.Pool) (*Status, error) {
	rows, err := pool.Query(ctx, readStatus, int64(lockKey), string(toCompare)+" ")
	if err == nil {
		var s *Status
		if s, err = pgx.CollectExactlyOneRow(rows, pgx.RowToAddrOfStructByPos[Status]); err == nil {
			return s, nil
		}
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && (pg.Code == undefinedTable || pg.Code == undefinedSchema) {
		return nil, nil
	}
	return nil, fmt.Errorf("read the status of the rebuild: %w", err)
}

const (
	undefinedTable  = "42P01"
	undefinedSchema = "3F000"
)
