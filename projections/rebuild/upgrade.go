package rebuild

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/generation"
)

const (
	// busyPause is the interval of polling while another rebuild runs.
	busyPause = time.Second
	// reportEvery is how often the progress of a rebuild is logged.
	reportEvery = 10 * time.Second
)

// Upgrade rebuilds a projection if an older version of it made the live tables. A program calls it before it runs the
// projection. If several processes call it, one rebuilds and the others wait; runners of the older version go on until the
// switch. Upgrade leaves tables of a newer version alone. It logs and retries failures; it returns nil when the tables are
// not older than the projection, and the error of ctx if that ends first.
func Upgrade(ctx context.Context, pool *pgxpool.Pool, p projections.Projection, config Config) error {
	config = config.withDefaults()
	log := config.Log.With(zap.String("projection", p.Name()), zap.Int("version", p.Version()))
	config.Log, config.Progress = log, reporter(log)
	for ctx.Err() == nil {
		began := time.Now()
		older, err := isOlder(ctx, pool, p, log)
		if err == nil && !older {
			return nil
		}
		if err == nil {
			log.Info("an older program made the tables; it goes on with them until new ones are built")
			err = locked(ctx, pool, config, func(ctx context.Context) error {
				// Another process may have done it while this one waited for the lock.
				if older, err := isOlder(ctx, pool, p, log); err != nil || !older {
					return err
				}
				return run(ctx, pool, []projections.Projection{p}, config)
			})
		}
		pause := config.retry
		switch {
		case err == nil:
			pause = 0
		case errors.Is(err, ErrBusy):
			pause = busyPause
		case ctx.Err() == nil:
			// An event that stopped the rebuild can be skipped until the next one begins.
			pause = max(pause, time.Since(began))
			log.Error("the rebuild failed; trying again", zap.Duration("in", pause), zap.Error(err))
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return ctx.Err()
}

func isOlder(ctx context.Context, pool *pgxpool.Pool, p projections.Projection, log *zap.Logger) (bool, error) {
	live, err := generation.FindLive(ctx, pool, p.Name())
	if err != nil {
		return false, err
	}
	if live.Version > p.Version() {
		log.Error("a newer program made the tables; this one leaves them alone", zap.Int("live_version", live.Version))
	}
	return live.Version < p.Version(), nil
}

// reporter returns a Config.Progress that logs each phase and, now and then, its progress.
func reporter(log *zap.Logger) func(Progress) {
	var phase Phase
	var reported time.Time
	return func(p Progress) {
		if p.Phase == phase && time.Since(reported) < reportEvery {
			return
		}
		phase, reported = p.Phase, time.Now()
		log.Info("rebuilding", zap.String("phase", string(p.Phase)), zap.Int64("done", p.Done), zap.Int64("total", p.Total))
	}
}
