// Package queries answers questions about memories from the tables that the projections keep: one file per
// question. It never writes, and it never looks into the log.
//
// # Snapshots
//
// Every answer is read in one transaction together with the checkpoint of the projection it came from, so the
// sequence_id that it carries is exactly the position it reflects. A caller who knows of a later one names it as
// min_sequence_id and waits, for a bounded time, until the projection has reached it.
//
// # States
//
// A memory is expired from the instant of its expires_at on, whether or not the log says so yet. So the state in
// an answer is computed at the moment that the answer is about: now, or the moment of As of.
package queries

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
)

// The projections whose tables are read here, by the names of their checkpoints.
const (
	agentMemories = "agent_memories"
	search        = "search"
)

// Config tunes a Reader; its zero value works.
type Config struct {
	// WaitLimit bounds the wait for a min_sequence_id; default 2 s.
	WaitLimit time.Duration
	// Poll is the first pause between two looks at a checkpoint that is waited for; it doubles up to ten times
	// itself; default 20 ms.
	Poll time.Duration
	// Timeout bounds one round of statements, the acquiring of a connection included; default 10 s.
	Timeout time.Duration
	// Wake subscribes to news of a projection, by the key "<tenant>/<projection>": whatever arrives on the channel
	// ends a pause early. The function that it returns ends the subscription. Default: polling only.
	Wake func(key string) (<-chan struct{}, func())
	// Now is the clock that decides what has expired; default time.Now.
	Now func() time.Time
}

// Reader answers questions. It is safe for concurrent use.
//
// Each method returns an error of kind Invalid that names the offending field, of kind Unavailable where the
// database cannot be reached or the projection did not reach the wanted position in time, and the
// context's own error where the caller went away.
type Reader struct {
	pool    *pgxpool.Pool
	config  Config
	lexicon *lexicon.Analyzer
}

// New makes a Reader on a pool, which stays the caller's to close.
func New(pool *pgxpool.Pool, config Config) *Reader {
	if config.WaitLimit == 0 {
		config.WaitLimit = 2 * time.Second
	}
	if config.Poll == 0 {
		config.Poll = 20 * time.Millisecond
	}
	if config.Timeout == 0 {
		config.Timeout = 10 * time.Second
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Reader{pool: pool, config: config, lexicon: lexicon.New()}
}

// A projection that has not started on the tenant has applied nothing.
const readCheckpoint = `
select case when count(*) = cardinality($2::text[]) then min(sequence_id) else 0 end
  from projection_checkpoints
 where tenant_id = $1 and projection = any($2)`

const (
	beginSnapshot  = `begin isolation level repeatable read read only`
	commitSnapshot = `commit`
)

// snapshot runs the queued statements in one read-only transaction and one round trip, and returns the position
// that they saw. Where that is before minimum it waits and runs them once more.
func (r *Reader) snapshot(ctx context.Context, tenant domain.Tenant, minimum int64, queue func(*pgx.Batch)) (int64, error) {
	position, err := r.snapshotNow(ctx, tenant, queue)
	if err != nil || position >= minimum {
		return position, err
	}
	if err := r.await(ctx, tenant, agentMemories, minimum); err != nil {
		return 0, err
	}
	if position, err = r.snapshotNow(ctx, tenant, queue); err == nil && position < minimum {
		return 0, behind(agentMemories, position, minimum)
	}
	return position, err
}

func (r *Reader) snapshotNow(ctx context.Context, tenant domain.Tenant, queue func(*pgx.Batch)) (position int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	// Begin and commit travel in the batch: a transaction of its own would cost two more round trips. After an
	// error the connection is left inside the failed transaction, and the pool discards it.
	batch := &pgx.Batch{}
	batch.Queue(beginSnapshot)
	batch.Queue(readCheckpoint, tenant, []string{agentMemories}).QueryRow(func(row pgx.Row) error {
		return row.Scan(&position)
	})
	queue(batch)
	batch.Queue(commitSnapshot)
	return position, translate(r.pool.SendBatch(ctx, batch).Close())
}

// collect queues a statement whose rows replace what into holds.
func collect[T any](batch *pgx.Batch, sql string, args []any, into *[]T, scan pgx.RowToFunc[T]) {
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, scan)
		return err
	})
}
