package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/rebuild"
	"github.com/auren-memory/auren/projections/search"
)

type rebuildCommand struct {
	Projections []string `arg:"" optional:"" name:"projection" enum:"agent_memories,search" help:"Which: ${enum}; default all."`
}

// Run builds read models from the first event on and puts them in the place of the live ones.
func (c *rebuildCommand) Run(ctx context.Context, a *app) error {
	dsn, err := a.databaseDSN()
	if err != nil {
		return err
	}
	// Two runners and the makers of the vectors share this pool.
	pool, err := database.Open(ctx, database.Config{DSN: dsn, Name: "auren rebuild", Overflow: 30, Wait: a.config.Wait}, a.log)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := migrations.CheckVersion(ctx, pool); err != nil {
		return err
	}
	var rebuilt []projections.Projection
	for _, p := range []projections.Projection{agentmemories.Projection{}, search.New(pool, search.Config{})} {
		if len(c.Projections) == 0 || slices.Contains(c.Projections, p.Name()) {
			rebuilt = append(rebuilt, p)
		}
	}
	names := make([]string, len(rebuilt))
	for i, p := range rebuilt {
		names[i] = p.Name()
	}
	began := time.Now()
	bar := newProgress(a.stderr, "rebuild")
	err = rebuild.Run(ctx, pool, rebuilt, rebuild.Config{Log: a.log, Progress: func(done, total int64) {
		bar.move(min(done, total), total, done, "events", float64(done)/max(time.Since(began).Seconds(), 1e-3))
	}})
	bar.end(err == nil)
	if err != nil {
		return fmt.Errorf("rebuild: %w; the live tables are as they were", err)
	}
	a.stdout.printf("%s %s in %s\n", a.stdout.paint(green, "rebuilt"), strings.Join(names, " and "), took(time.Since(began)))
	return nil
}
