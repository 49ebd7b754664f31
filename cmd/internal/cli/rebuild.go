package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rebuild"
)

// Rebuild is `auren rebuild`.
type Rebuild struct {
	Projections []string `arg:"" optional:"" name:"projection" enum:"agent_memories,search" help:"Which: ${enum}; default all."`
	Downgrade   bool     `help:"Rebuild also what a newer program made, whose projectors then do nothing."`
	Verify      bool     `help:"Replace nothing: compare the live tables with new ones, row by row, and fail if they differ."`
	JSON        bool     `help:"With --verify: print what was compared as JSON."`
}

// Run builds the tables of read models from the first event on and makes them live, or compares them with the live ones.
func (c *Rebuild) Run(ctx context.Context, a *App) error {
	if c.JSON && !c.Verify {
		return UsageError{errors.New("--json goes with --verify")}
	}
	dsn, err := a.DatabaseDSN()
	if err != nil {
		return err
	}
	// The switch and the status share this pool; each build has as many connections again.
	pool, err := database.Open(ctx, database.Config{DSN: dsn, Name: "auren rebuild", Overflow: 30, Wait: a.Config.Wait}, a.Log)
	if err != nil {
		return stack.ExplainConnectError(ctx, dsn, err)
	}
	defer pool.Close()
	if err := migrations.CheckVersion(ctx, pool); err != nil {
		return err
	}
	var rebuilt []projections.Projection
	var names []string
	for _, p := range stack.ReadModels() {
		if len(c.Projections) == 0 || slices.Contains(c.Projections, p.Name()) {
			rebuilt, names = append(rebuilt, p), append(names, p.Name())
		}
	}
	began := time.Now()
	bars := terminal.NewProgress(a.Stderr)
	config := rebuild.Config{Log: a.Log, Downgrade: c.Downgrade, Progress: func(p rebuild.Progress) {
		of := "events"
		switch p.Phase {
		case rebuild.Indexing:
			of = "indexes"
		case rebuild.Comparing:
			of = "tables"
		}
		bars.Move(string(p.Phase), min(p.Done, p.Total), p.Total, p.Done, of)
	}}
	if c.Verify {
		return c.verify(ctx, a, pool, rebuilt, config, bars)
	}
	err = rebuild.Run(ctx, pool, rebuilt, config)
	bars.End(err == nil)
	if errors.Is(err, rebuild.ErrUnknown) {
		return fmt.Errorf("rebuild: %w; if they are not, `auren status` shows what is left of them", err)
	}
	if ctx.Err() != nil && err != nil {
		return errors.New("interrupted; the live tables are as they were")
	}
	if errors.Is(err, rebuild.ErrNewerVersion) {
		return fmt.Errorf("rebuild: %w; rebuild with that program, or go back to this one with --downgrade", err)
	}
	if err != nil {
		return fmt.Errorf("rebuild: %w; the live tables are as they were", err)
	}
	a.Stdout.Printf("%s %s in %s\n", a.Stdout.Paint(terminal.Green, "rebuilt"), strings.Join(names, " and "), terminal.Duration(time.Since(began)))
	return nil
}
