package stack

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/generation"
	"github.com/auren-memory/auren/projections/rebuild"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/projections/search"
)

// startProjections runs the read models. One whose tables an older program made is rebuilt first, while that program goes on with
// them until the new ones are live.
func (e *Services) startProjections(all []projections.Projection, config runner.Config) {
	for _, p := range all {
		seen := e.projectionMetrics.Of(p.Name())
		running := runner.New(e.Pool, e.Store, e.logWatcher, e.observed(config, seen), p)
		seen.Leading(func() int { return running.Leading(p.Name()) })
		e.lifecycle.run("projection "+p.Name(), func(ctx context.Context) error {
			if err := rebuild.Upgrade(ctx, e.Pool, p, rebuild.UpgradeConfig{Log: config.Log}); err != nil {
				return err
			}
			return running.Run(ctx)
		})
	}
}

// Migrate brings the schema up to date and creates the tables of read models that have none.
func Migrate(ctx context.Context, dsn string) error {
	if err := migrations.Up(ctx, dsn); err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return fmt.Errorf("create the read models: %w", err)
	}
	defer pool.Close()
	return generation.CreateFirst(ctx, pool, ReadModels())
}

// ReadModels are the projections that keep tables.
func ReadModels() []projections.Projection {
	return []projections.Projection{agentmemories.Projection{}, search.New(search.Config{})}
}
