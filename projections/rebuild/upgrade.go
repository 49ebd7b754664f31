package rebuild

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/projections"
)

// UpgradeConfig tunes an Upgrade; its zero value works.
type UpgradeConfig struct {
	// Log receives what an operator should know; default none.
	Log *zap.Logger
	// Poll is how long to wait for another process that rebuilds before looking again; default 1 s.
	Poll time.Duration
	// Pause is how long to wait after a rebuild that failed; default 30 s.
	Pause time.Duration
	// ReportEvery is how often the log tells how far a rebuild is; default 10 s.
	ReportEvery time.Duration
}

func (c UpgradeConfig) withDefaults() UpgradeConfig {
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	if c.Poll == 0 {
		c.Poll = time.Second
	}
	if c.Pause == 0 {
		c.Pause = 30 * time.Second
	}
	if c.ReportEvery == 0 {
		c.ReportEvery = 10 * time.Second
	}
	return c
}

// Upgrade rebuilds, at the start of a program, the projections whose tables an older one made. Of several processes one
// does it; the older program goes on until the swap. Tables that a newer program made are left alone.
type Upgrade struct {
	pool   *pgxpool.Pool
	all    []projections.Projection
	config UpgradeConfig

	mu      sync.Mutex
	waiting map[string]chan struct{} // closed when the projection's runner may begin
}

// NewUpgrade makes an Upgrade of all projections that the program runs.
func NewUpgrade(pool *pgxpool.Pool, all []projections.Projection, config UpgradeConfig) *Upgrade {
	u := &Upgrade{pool: pool, all: all, config: config.withDefaults(), waiting: map[string]chan struct{}{}}
	for _, p := range all {
		u.waiting[p.Name()] = make(chan struct{})
	}
	return u
}

// Await returns nil when the tables of a projection are no older than the program, and ctx's error when it ends
// first. Only then may a runner begin: a tenant that comes up during a rebuild belongs to the older program.
func (u *Upgrade) Await(ctx context.Context, projection string) error {
	u.mu.Lock()
	ready := u.waiting[projection]
	u.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errStillOlder says that a rebuild that went well has changed nothing for an Upgrade, nor would the next.
var errStillOlder = errors.New("rebuilt and swapped in, but the tables are recorded as those of an older program still")

// Run returns nil when no table is older than the program, or ctx ends. What fails is logged, kept for ReadStatus, and
// tried again. It is an error where tables are older after they were rebuilt and swapped in.
func (u *Upgrade) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		pause, done, err := u.runOnce(ctx)
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return nil
}

// runOnce lets begin what may, rebuilds what must be, and says when to look again.
func (u *Upgrade) runOnce(ctx context.Context) (pause time.Duration, done bool, err error) {
	older, err := u.older(ctx)
	if err == nil && len(older) == 0 {
		return 0, true, nil
	}
	var rebuilt []projections.Projection
	if err == nil {
		err = run(ctx, u.pool, Config{Log: u.config.Log, Progress: u.reporter()}, func(ctx context.Context) ([]projections.Projection, error) {
			// Another process may have done it while this one waited for the lock.
			var err error
			rebuilt, err = u.older(ctx)
			return rebuilt, err
		})
	}
	switch {
	case ctx.Err() != nil:
		return 0, false, nil
	case err == nil:
		return 0, false, u.check(ctx, rebuilt)
	case errors.Is(err, ErrBusy):
		u.config.Log.Info("another process rebuilds; waiting for it")
		return u.config.Poll, false, nil
	case errors.Is(err, ErrUnknown):
		u.config.Log.Warn("the connection was lost in the swap; looking whether it took place", zap.Error(err))
		return u.config.Poll, false, nil
	default:
		u.config.Log.Error("the rebuild failed; the live tables are as they were; trying again",
			zap.Duration("in", u.config.Pause), zap.Error(err))
		return u.config.Pause, false, nil
	}
}

// check makes sure that what was rebuilt is not to be rebuilt again, and so on for ever. What cannot be read now is read again.
func (u *Upgrade) check(ctx context.Context, rebuilt []projections.Projection) error {
	found, err := readVersions(ctx, u.pool, rebuilt)
	if err != nil {
		return nil //nolint:nilerr // see above
	}
	for _, v := range found {
		if v.older() {
			return fmt.Errorf("projection %s: %w (version %d rather than %d)", v.projection.Name(), errStillOlder, v.oldest, v.projection.Version())
		}
	}
	return nil
}

// older returns the projections that must be rebuilt, and lets the others begin.
func (u *Upgrade) older(ctx context.Context) ([]projections.Projection, error) {
	found, err := readVersions(ctx, u.pool, u.all)
	if err != nil {
		return nil, err
	}
	var older []projections.Projection
	for _, v := range found {
		name := zap.String("projection", v.projection.Name())
		switch {
		case v.newer():
			u.config.Log.Error("the tables were made by a newer program; leaving them alone", name,
				zap.Int("projection_version", v.youngest), zap.Int("expected", v.projection.Version()))
			u.release(v.projection.Name())
		case v.older():
			u.config.Log.Info("the tables were made by an older program, which goes on until they are rebuilt and swapped", name,
				zap.Int("projection_version", v.oldest), zap.Int("expected", v.projection.Version()))
			older = append(older, v.projection)
		default:
			u.release(v.projection.Name())
		}
	}
	return older, nil
}

func (u *Upgrade) release(projection string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	select {
	case <-u.waiting[projection]:
	default:
		close(u.waiting[projection])
	}
}

// reporter returns a Config.Progress that logs each phase and, now and then, how far it is.
func (u *Upgrade) reporter() func(Progress) {
	var phase Phase
	var reported time.Time
	return func(p Progress) {
		if p.Phase == phase && time.Since(reported) < u.config.ReportEvery {
			return
		}
		phase, reported = p.Phase, time.Now()
		u.config.Log.Info("rebuilding", zap.String("phase", string(p.Phase)), zap.Int64("done", p.Done), zap.Int64("total", p.Total))
	}
}
