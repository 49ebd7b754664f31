package main

import (
	"context"

	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rebuild"
	"github.com/auren-memory/auren/projections/runner"
)

// startProjections runs the read models. One whose tables an older program made is rebuilt first, which that program does
// not notice until the new tables are in their place.
func (e *engine) startProjections(all []projections.Projection, config runner.Config) {
	upgrade := rebuild.NewUpgrade(e.pool, all, rebuild.UpgradeConfig{Log: config.Log})
	for _, p := range all {
		seen := e.projectionMetrics.Of(p.Name())
		running := runner.New(e.pool, e.store, e.logNews, e.observed(config, seen), p)
		seen.Leading(running.Leading)
		e.parts.run("projection "+p.Name(), func(ctx context.Context) error {
			if err := upgrade.Await(ctx, p.Name()); err != nil {
				return err
			}
			return running.Run(ctx)
		})
	}
	e.parts.run("upgrade of the projections", upgrade.Run)
}
