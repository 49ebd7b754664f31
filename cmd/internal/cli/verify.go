package cli

import (
	"context"
	"fmt"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/migrations"
)

// Verify is `auren verify`.
type Verify struct {
	JSON bool `help:"Print the differences as JSON."`
}

// Run compares the schema with what this program expects and fails where they differ.
func (c *Verify) Run(ctx context.Context, a *App) error {
	pool, err := a.ConnectAs(ctx, "auren verify")
	if err != nil {
		return err
	}
	defer pool.Close()
	differences, err := migrations.Verify(ctx, pool)
	if err != nil {
		return err
	}
	answer := map[string]any{"differences": append([]migrations.Difference{}, differences...)}
	err = a.answer(c.JSON, answer, func() { printDifferences(a.Stdout, differences) })
	switch {
	case err == nil && len(differences) > 0:
		return fmt.Errorf("the schema of %s differs in %s", database.Target(pool), terminal.Count(len(differences), "thing"))
	case !c.JSON:
		a.Stdout.Printf("the schema of %s is as expected\n", database.Target(pool))
	}
	return err
}

func printDifferences(s *terminal.Screen, differences []migrations.Difference) {
	rows := make([][]terminal.Cell, len(differences))
	for i, d := range differences {
		said := "expected " + d.Expected
		switch d.Problem {
		case migrations.Different:
			said = d.Actual + ", expected " + d.Expected
		case migrations.Unexpected:
			said = d.Actual
		}
		rows[i] = []terminal.Cell{{string(d.Problem), terminal.Yellow}, {d.Object, terminal.Bold}, {terminal.OneLine(said), terminal.Plain}}
	}
	s.Table(0, nil, rows)
}
