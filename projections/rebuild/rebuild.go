package rebuild

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain/failpoint"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/generation"
)

var (
	// ErrBusy says that another rebuild is running on the same database.
	ErrBusy = errors.New("another rebuild is running")
	// ErrUnknown says that the connection was lost during the commit of the switch and PostgreSQL cannot be asked whether it took place.
	ErrUnknown = errors.New("it is not known whether the new tables are live")
	// ErrNewerVersion says that a newer version of a projection made the live tables.
	ErrNewerVersion = errors.New("a newer version of the projection made the live tables")
)

// Config tunes a rebuild; its zero value works.
type Config struct {
	// Log receives what an operator should know; default none.
	Log *zap.Logger
	// Downgrade also replaces tables that a newer version made; its runners then do nothing. Default ErrNewerVersion.
	Downgrade bool
	// Progress is told, by one goroutine at a time, how far the rebuild is; default nobody.
	Progress func(Progress)

	// pingEvery is how often the connection that holds the lock is pinged; default 5 s.
	pingEvery time.Duration
	// maxIdle is how long after the last ping the server frees the lock; default maxIdle.
	maxIdle time.Duration
	// pause is the time between two attempts to lock tables or views; default 2 s.
	pause time.Duration
	// attempts is how often to try to lock them; default 60, which takes two to four minutes.
	attempts int
}

// Progress says how far a rebuild is.
type Progress struct {
	Phase Phase `json:"phase"`
	// Done and Total count, within the phase, events once per projection, indexes, or tables that are compared. Total is 0 where
	// there is nothing to count.
	Done  int64 `json:"done"`
	Total int64 `json:"total"`
}

// Phase is a part of a rebuild.
type Phase string

// The phases, in their order. Comparing takes the place of Switching, and of Indexing, in a Verify.
const (
	Filling    Phase = "filling"
	Indexing   Phase = "indexing"
	CatchingUp Phase = "catching up"
	Switching  Phase = "switching"
	Comparing  Phase = "comparing"
)

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if c.Progress == nil {
		c.Progress = func(Progress) {}
	}
	if c.pingEvery == 0 {
		c.pingEvery = 5 * time.Second
	}
	if c.maxIdle == 0 {
		c.maxIdle = maxIdle
	}
	if c.pause == 0 {
		c.pause = 2 * time.Second
	}
	if c.attempts == 0 {
		c.attempts = 60
	}
	return c
}

// Run builds new tables of projections from the first event on and makes them live together. It returns ErrBusy where another
// rebuild is running, ErrLockLost where one may have begun meanwhile, ErrNewerVersion, and a *projections.StoppedError where an
// event cannot be applied. After any error but ErrUnknown the live tables are those of before.
func Run(ctx context.Context, pool *pgxpool.Pool, rebuilt []projections.Projection, config Config) error {
	config = config.withDefaults()
	return locked(ctx, pool, config, func(ctx context.Context) error {
		for _, p := range rebuilt {
			live, err := generation.FindLive(ctx, pool, p.Name())
			if err != nil {
				return err
			}
			if live.Version > p.Version() && !config.Downgrade {
				return fmt.Errorf("%s: %w (%d, this program has %d)", p.Name(), ErrNewerVersion, live.Version, p.Version())
			}
		}
		return run(ctx, pool, rebuilt, config)
	})
}

// run is Run under the lock.
func run(ctx context.Context, pool *pgxpool.Pool, rebuilt []projections.Projection, config Config) (err error) {
	j, err := begin(ctx, pool, rebuilt, generation.Building, config)
	if err != nil {
		return err
	}
	defer func() { j.end(ctx, err) }()
	if err := j.fill(ctx); err != nil {
		return err
	}
	failpoint.Reached(failpoint.RebuildIndexed)
	if err := j.advance(ctx, CatchingUp, nil); err != nil {
		return err
	}
	if err := j.makeLive(ctx); err != nil {
		return err
	}
	failpoint.Reached(failpoint.RebuildSwitched)
	config.Log.Info("the new tables are live", zap.Strings("projections", j.names()))
	return nil
}
