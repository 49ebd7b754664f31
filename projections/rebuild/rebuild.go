package rebuild

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// Schema is where the copies are built.
const Schema = "auren_rebuild"

// ErrBusy says that another rebuild is under way on the same database.
var ErrBusy = errors.New("another rebuild is under way")

// Config tunes a rebuild; its zero value works.
type Config struct {
	// Log receives what an operator should know; default none.
	Log *zap.Logger
	// Progress is told, possibly by several goroutines at once, how many events have been applied and how many
	// there were when the rebuild began, both counted once per projection; default nobody. Done can exceed total
	// by what is appended meanwhile.
	Progress func(done, total int64)
}

// Run rebuilds projections, each from the first event, and swaps them in together. The pool must be one of
// the live schema. It returns ErrBusy where another rebuild is under way, and a *projections.StoppedError where an
// event cannot be applied; after any error, and when ctx ends before the swap, the live tables are untouched.
func Run(ctx context.Context, pool *pgxpool.Pool, rebuilt []projections.Projection, config Config) error {
	if config.Log == nil {
		config.Log = zap.NewNop()
	}
	if config.Progress == nil {
		config.Progress = func(int64, int64) {}
	}
	return pgx.BeginFunc(ctx, pool, func(lock pgx.Tx) error {
		if err := takeLock(ctx, lock); err != nil {
			return err
		}
		b, err := newBuild(ctx, pool, rebuilt, config)
		if err != nil {
			return err
		}
		defer b.shadow.Close()
		if err := b.fill(ctx); err != nil {
			return err
		}
		return b.swap(ctx, lock)
	})
}

// lockKey is the advisory lock of rebuilds.
const lockKey = 0x617572656e02

func takeLock(ctx context.Context, tx pgx.Tx) error {
	// The transaction idles while the copies are filled.
	if _, err := tx.Exec(ctx, "set local idle_in_transaction_session_timeout = 0"); err != nil {
		return fmt.Errorf("lock rebuilds: %w", err)
	}
	var locked bool
	if err := tx.QueryRow(ctx, "select pg_try_advisory_xact_lock($1)", int64(lockKey)).Scan(&locked); err != nil {
		return fmt.Errorf("lock rebuilds: %w", err)
	}
	if !locked {
		return ErrBusy
	}
	return nil
}

// build is one rebuild under way.
type build struct {
	pool    *pgxpool.Pool
	shadow  *pgxpool.Pool // finds the copies before the live tables
	live    string        // the live schema
	tables  []string
	runners []*projections.Runner
	log     *zap.Logger
}

const readTotal = `select coalesce(sum(sequence_id), 0)::bigint from logs`

func newBuild(ctx context.Context, pool *pgxpool.Pool, rebuilt []projections.Projection, config Config) (*build, error) {
	b := &build{pool: pool, log: config.Log}
	if err := pool.QueryRow(ctx, "select current_schema()").Scan(&b.live); err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	var total int64
	if err := pool.QueryRow(ctx, readTotal).Scan(&total); err != nil {
		return nil, fmt.Errorf("count events: %w", err)
	}
	total *= int64(len(rebuilt))
	for _, p := range rebuilt {
		b.tables = append(b.tables, p.Tables()...)
	}
	if err := b.createCopies(ctx); err != nil {
		return nil, err
	}
	shadow := pool.Config()
	shadow.ConnConfig.RuntimeParams["search_path"] = pgx.Identifier{Schema}.Sanitize() + ", " + pgx.Identifier{b.live}.Sanitize()
	shadow.MinConns, shadow.MinIdleConns = 0, 0
	var err error
	if b.shadow, err = pgxpool.NewWithConfig(ctx, shadow); err != nil {
		return nil, fmt.Errorf("open connections: %w", err)
	}
	store := eventstore.New(b.shadow, eventstore.Config{})
	watcher := eventstore.NewWatcher(b.shadow, eventstore.LogChannel, b.log)
	var done atomic.Int64
	for _, p := range rebuilt {
		b.runners = append(b.runners, projections.NewRunner(b.shadow, store, watcher, p, projections.Config{
			Log: b.log,
			// Nobody else leads here.
			LeaseTTL: time.Hour,
			Applied: func(_ domain.Tenant, events int) {
				config.Progress(done.Add(int64(events)), total)
			},
		}))
	}
	return b, nil
}

// fill brings the copies up to date with the logs and completes them with indexes.
func (b *build) fill(ctx context.Context) error {
	if err := b.catchUp(ctx); err != nil {
		return err
	}
	if err := b.createIndexes(ctx); err != nil {
		return err
	}
	return b.catchUp(ctx)
}

func (b *build) catchUp(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, r := range b.runners {
		group.Go(func() error { return r.CatchUp(ctx) })
	}
	return group.Wait()
}
