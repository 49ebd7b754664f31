package stack

import (
	"context"

	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/rebuild"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/projections/search"
)

// startProjections runs the read models. One whose tables an older program made is rebuilt first, which that program does
// not notice until the new tables are in their place.
func (e *Services) startProjections(all []projections.Projection, config runner.Config) {
	upgrade := rebuild.NewUpgrade(e.Pool, all, rebuild.UpgradeConfig{Log: config.Log})
	for _, p := range all {
		seen := e.projectionMetrics.Of(p.Name())
		running := runner.New(e.Pool, e.Store, e.logWatcher, e.observed(config, seen), p)
		seen.Leading(func() int { return running.Leading(p.Name()) })
		e.lifecycle.run("projection "+p.Name(), func(ctx context.Context) error {
			if err := upgrade.Await(ctx, p.Name()); err != nil {
				return err
			}
			return running.Run(ctx)
		})
	}
	e.lifecycle.run("upgrade of the projections", upgrade.Run)
}

// ReadModels are the projections that keep tables.
func ReadModels() []projections.Projection {
	return []projections.Projection{agentmemories.Projection{}, search.New(search.Config{})}
}
