package rebuild

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain/failpoint"
	"github.com/auren-memory/auren/projections"
)

// Schema is where the copies are built.
const Schema = projections.RebuildSchema

// ErrBusy says that another rebuild is under way on the same database.
var ErrBusy = errors.New("another rebuild is under way")

// ErrUnknown says that the answer to the commit of the swap was lost: the copies may have taken the place of the live tables.
var ErrUnknown = errors.New("it is not known whether the new tables were swapped in")

// Config tunes a rebuild; its zero value works.
type Config struct {
	// Log receives what an operator should know; default none.
	Log *zap.Logger
	// Restart begins with the first event even where an earlier rebuild can be gone on with.
	Restart bool
	// Downgrade rebuilds also what a newer program made, which then stands aside; default it is refused.
	Downgrade bool
	// Progress is told, by one goroutine at a time, how far the rebuild is; default nobody.
	Progress func(Progress)

	// keepEvery is how often it is made sure that the lock is held still; default 5 s.
	keepEvery time.Duration
	// longestIdle is after how long without that the server frees the lock; default longestIdle.
	longestIdle time.Duration
	// pause is how long others have the tables to themselves before the next attempt to lock them; default 2 s.
	pause time.Duration
	// attempts is how often the tables are tried to be locked; default 60, which is two minutes and more.
	attempts int
}

// Progress says how far a rebuild is.
type Progress struct {
	Phase Phase `json:"phase"`
	// Done and Total count, within the phase, events once per projection, indexes, or tables that are compared. Of a rebuild
	// that goes on with an earlier one, Done begins with what that one did. Total is 0 where there is nothing to count.
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
}

// Phase is a part of a rebuild.
type Phase string

// The phases, in their order. Comparing takes the place of the swap, and of the indexes, where a rebuild is for Verify.
const (
	Filling    Phase = "filling"
	Indexing   Phase = "indexing"
	CatchingUp Phase = "catching up"
	Swapping   Phase = "swapping"
	Comparing  Phase = "comparing"
)

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if c.Progress == nil {
		c.Progress = func(Progress) {}
	}
	if c.keepEvery == 0 {
		c.keepEvery = 5 * time.Second
	}
	if c.longestIdle == 0 {
		c.longestIdle = longestIdle
	}
	if c.pause == 0 {
		c.pause = 2 * time.Second
	}
	if c.attempts == 0 {
		c.attempts = 60
	}
	return c
}

// Run rebuilds projections and swaps them in together. It begins with the first event of every log, or goes on where an
// earlier Run of the same projections was broken off. The pool must be one of the live schema. It returns ErrBusy where
// another rebuild is under way, ErrLockLost where one may have begun meanwhile, ErrNewerVersion, and a *projections.StoppedError
// where an event cannot be applied; after any error but ErrUnknown, and when ctx ends before the swap, the live tables are
// untouched.
func Run(ctx context.Context, pool *pgxpool.Pool, rebuilt []projections.Projection, config Config) error {
	return run(ctx, pool, config, func(context.Context) ([]projections.Projection, error) { return rebuilt, nil })
}

// run is Run of what is chosen under the lock of rebuilds, which may be nothing.
func run(ctx context.Context, pool *pgxpool.Pool, config Config,
	choose func(context.Context) ([]projections.Projection, error),
) error {
	config = config.withDefaults()
	swapped := false
	err := locked(ctx, pool, config, func(ctx context.Context, l *lock) error {
		rebuilt, err := choose(ctx)
		if err != nil || len(rebuilt) == 0 {
			return err
		}
		if !config.Downgrade {
			if err := refuseNewer(ctx, pool, rebuilt); err != nil {
				return err
			}
		}
		b, err := newBuild(ctx, pool, rebuilt, toSwap, config)
		if err != nil {
			return err
		}
		defer b.shadow.Close()
		if err := b.buildAndSwap(ctx, l); err != nil {
			b.recordFailure(ctx, err)
			return err
		}
		swapped = true
		failpoint.Reached(failpoint.RebuildSwapping)
		return nil
	})
	if swapped && err != nil && mayHaveCommitted(err) {
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	if err != nil {
		return err
	}
	failpoint.Reached(failpoint.RebuildSwapped)
	return nil
}

// mayHaveCommitted tells whether the error of a commit leaves open if it took place. pgconn.SafeToRetry does not: it is true
// also where the answer to what was sent could not be read.
func mayHaveCommitted(err error) bool {
	if errors.Is(err, ErrLockLost) || errors.Is(err, pgx.ErrTxCommitRollback) {
		return false
	}
	// A server that goes down says so after the commit as well as before it.
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return !ok || pg.SeverityUnlocalized != "ERROR"
}

func (b *build) buildAndSwap(ctx context.Context, l *lock) error {
	if err := b.refuseStrangers(ctx, b.pool); err != nil {
		return err
	}
	if err := b.fill(ctx); err != nil {
		return err
	}
	failpoint.Reached(failpoint.RebuildIndexed)
	if err := b.advance(ctx, CatchingUp); err != nil {
		return err
	}
	if err := b.swap(ctx, l); err != nil {
		return err
	}
	b.log.Info("rebuilt and swapped in", zap.Strings("tables", b.tables))
	return nil
}
