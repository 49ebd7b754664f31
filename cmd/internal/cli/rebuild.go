package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

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
	if err != nil {
		return rebuildError(ctx, err)
	}
	a.Stdout.Printf("%s %s in %s\n", a.Stdout.Paint(terminal.Green, "rebuilt"), strings.Join(names, " and "), terminal.Duration(time.Since(began)))
	return nil
}

// errDiffer ends a verification that printed differences. Where the hash chain is broken, it is the log that was altered, and the
// tables are the only good copy.
var errDiffer = errors.New("the live tables differ from what the log gives; where the chain of its hashes is whole (docs/events.md), `auren rebuild` mends them")

// verify compares the live tables with new ones.
func (c *Rebuild) verify(ctx context.Context, a *App, pool *pgxpool.Pool, compared []projections.Projection,
	config rebuild.Config, bars *terminal.Progress,
) error {
	began := time.Now()
	found, err := rebuild.Verify(ctx, pool, compared, config)
	bars.End(err == nil)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	err = a.answer(c.JSON, found, func() { printComparison(a.Stdout, found, time.Since(began)) })
	if err == nil && !found.Equal {
		err = errDiffer
	}
	return err
}

func printComparison(s *terminal.Screen, found *rebuild.Comparison, lasted time.Duration) {
	rows := [][]terminal.Cell{{{"table", terminal.Dim}, {"rows", terminal.Dim}, {"missing", terminal.Dim}, {"extra", terminal.Dim}, {"altered", terminal.Dim}, {"result", terminal.Dim}}}
	total := int64(0)
	for _, t := range found.Tables {
		state := terminal.Cell{"equal", terminal.Green}
		if !t.Equal() {
			state = terminal.Cell{"differs", terminal.Red}
		}
		rows = append(rows, []terminal.Cell{{t.Table, terminal.Cyan}, {terminal.Number(t.Rows), terminal.Bold}, {terminal.Number(t.Missing), terminal.Plain}, {terminal.Number(t.Extra), terminal.Plain},
			{terminal.Number(t.Altered), terminal.Plain}, state})
		total += t.Rows
	}
	s.Table(0, map[int]bool{1: true, 2: true, 3: true, 4: true}, rows)
	for _, t := range found.Tables {
		for _, d := range t.Differences {
			text := fmt.Sprintf("%s %s %s", t.Table, terminal.OneLine(string(d.Key)), d.Kind)
			if len(d.Columns) > 0 {
				text += ": " + strings.Join(d.Columns, ", ")
			}
			s.Printf("%s %s\n", s.Paint(terminal.Red, "≠"), text)
		}
		if named := int64(len(t.Differences)); t.Missing+t.Extra+t.Altered > named {
			s.Printf("  and %s more in %s\n", terminal.Number(t.Missing+t.Extra+t.Altered-named), t.Table)
		}
	}
	verdict := s.Paint(terminal.Green, "equal")
	if !found.Equal {
		verdict = s.Paint(terminal.Red, "different")
	}
	s.Printf("%s after %s rows in %s; projectors waited %s\n", verdict, terminal.Number(total), terminal.Duration(lasted),
		terminal.Duration(time.Duration(found.LockedSeconds*float64(time.Second))))
}
