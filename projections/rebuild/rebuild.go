package rebuild

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain/failpoint"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/generation"
)

// ErrNewerVersion means that a newer version of a projection made the live tables.
var ErrNewerVersion = errors.New("a newer version of the projection made the live tables")

// Run builds new tables of projections from the first event on and makes them live together. It returns ErrBusy if another
// rebuild is running, ErrLockLost if one may have begun meanwhile, ErrNewerVersion, ErrOtherVersion for Config.Tenants, and a
// *projections.StoppedError if an event cannot be applied. After any error but ErrUnknown the live tables are unchanged.
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
			if live.Version != p.Version() && len(config.Tenants) > 0 {
				return fmt.Errorf("%s: %w", p.Name(), ErrOtherVersion)
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
	if err := j.advance(ctx, Filling); err != nil {
		return err
	}
	if len(config.Tenants) == 0 { // else the rows go into tables that have their indexes
		if err := j.createIndexes(ctx); err != nil {
			return err
		}
	}
	failpoint.Reached(failpoint.RebuildIndexed)
	if err := j.advance(ctx, CatchingUp); err != nil {
		return err
	}
	if err := j.makeLive(ctx); err != nil {
		return err
	}
	failpoint.Reached(failpoint.RebuildSwitched)
	config.Log.Info("the new tables are live", zap.Strings("projections", j.names()))
	return nil
}
