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

// startProjections runs the read models. It first rebuilds those whose tables an older version made; programs of that
// version go on with them until the new tables are live.
func (e *Services) startProjections(all []projections.Projection, config runner.Config) {
	for _, p := range all {
		seen := e.projectionMetrics.Of(p.Name())
		running := runner.New(e.Pool, e.Events, e.logWatcher, e.observed(config, seen), p)
		seen.Leading(func() int { return running.Leading(p.Name()) })
		e.lifecycle.run("projection "+p.Name(), func(ctx context.Context) error {
			if err := rebuild.Upgrade(ctx, e.Pool, p, rebuild.Config{Log: config.Log}); err != nil {
				return err
			}
			return running.Run(ctx)
		})
	}
}

// Migrate migrates the schema and creates the missing tables of read models.
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

// ReadModels returns the projections that keep tables.
func ReadModels() []projections.Projection {
	return []projections.Projection{agentmemories.Projection{}, search.New()}
}
