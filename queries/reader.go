// Package queries answers questions about memories from the tables that the projections keep: one file per
// question. It never writes, and it never looks into the log.
//
// # Snapshots
//
// Every answer is read together with the checkpoint of the projection it came from, in one statement, which sees a single
// snapshot, or, where a search takes more, in one transaction or as of the position that the first of them saw. So the
// sequence_id that an answer carries is exactly the position it reflects. A caller who knows of a later one names it as
// min_sequence_id and waits, for a bounded time, until the projection has reached it.
//
// # States
//
// A memory is expired from the instant of its expires_at on, whether or not the log says so yet. So the state in
// an answer is computed at the moment that the answer is about: now, or the moment of As of.
package queries

import (
	"context"
	"errors"
	"runtime"
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
	// Timeout bounds one round of statements, the waiting for its turn and for a connection included; default 10 s.
	Timeout time.Duration
	// AtOnce is how many answers are read at once; others wait for their turn. A database that reads many at once is slower
	// with each than one that reads a few at a time. Default four for each processor, at least 8.
	AtOnce int
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
	reading chan struct{} // has as many places as answers are read at once
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
	if config.AtOnce == 0 {
		config.AtOnce = max(8, 4*runtime.GOMAXPROCS(0))
	}
	return &Reader{pool: pool, config: config, lexicon: lexicon.New(), reading: make(chan struct{}, config.AtOnce)}
}

// connect waits for its turn and for a connection, both of which done gives back.
func (r *Reader) connect(ctx context.Context) (conn *pgxpool.Conn, done func(), err error) {
	select {
	case r.reading <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	if conn, err = r.pool.Acquire(ctx); err != nil {
		<-r.reading
		return nil, nil, err
	}
	return conn, func() {
		conn.Release()
		<-r.reading
	}, nil
}

// A projection that has not started on the tenant has applied nothing.
const readCheckpoint = `
select case when count(*) = cardinality($2::text[]) then min(sequence_id) else 0 end
  from projection_checkpoints
 where tenant_id = $1 and projection = any($2)`

// withPosition puts beside each row of a statement, whose $1 is the tenant, that a row was found and the position of the
// projection; where there is no row, there is one of the position alone. A statement sees a single snapshot, so it takes
// no transaction to read the two together.
func withPosition(sql string) string {
	return `
select position.sequence_id, answer.*
  from (select coalesce((select sequence_id
                           from projection_checkpoints
                          where tenant_id = $1 and projection = '` + agentMemories + `'), 0)) as position (sequence_id)
  left join lateral (select true, found.* from (` + sql + `) as found) as answer on true`
}

// answerRows are the rows of the statement within withPosition; the position is read with each.
type answerRows struct {
	pgx.Rows
	position *int64
	targets  []any // of the last row, to be used again
}

func (a *answerRows) Next() bool {
	for a.Rows.Next() {
		columns := a.RawValues()
		if columns[1] != nil {
			return true
		}
		nothingElse := make([]any, len(columns))
		nothingElse[0] = a.position
		if a.Rows.Scan(nothingElse...) != nil {
			return false
		}
	}
	return false
}

func (a *answerRows) Scan(into ...any) error {
	a.targets = append(append(a.targets[:0], a.position, nil), into...)
	return a.Rows.Scan(a.targets...)
}

// answer runs a statement, whose $1 is the tenant, and returns the position that it saw. Where that is before minimum it
// waits and runs it once more.
func (r *Reader) answer(ctx context.Context, tenant domain.Tenant, minimum int64, sql string, args []any, read func(pgx.Rows) error) (int64, error) {
	sql = withPosition(sql)
	position, err := r.answerNow(ctx, sql, args, read)
	if err != nil || position >= minimum {
		return position, err
	}
	if err := r.await(ctx, tenant, agentMemories, minimum); err != nil {
		return 0, err
	}
	if position, err = r.answerNow(ctx, sql, args, read); err == nil && position < minimum {
		return 0, behind(agentMemories, position, minimum)
	}
	return position, err
}

func (r *Reader) answerNow(ctx context.Context, sql string, args []any, read func(pgx.Rows) error) (position int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	conn, done, err := r.connect(ctx)
	if err != nil {
		return 0, translate(err)
	}
	defer done()
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return 0, translate(err)
	}
	defer rows.Close()
	err = read(&answerRows{Rows: rows, position: &position})
	rows.Close()
	return position, translate(errors.Join(err, rows.Err()))
}

// collectInto reads all rows of an answer.
func collectInto[T any](into *[]T, scan pgx.RowToFunc[T]) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, scan)
		return err
	}
}
