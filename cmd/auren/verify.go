package main

import (
	"context"
	"fmt"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/migrations"
)

type verifyCommand struct {
	JSON bool `help:"Print the differences as JSON."`
}

// Run compares the schema with what this program expects and fails where they differ.
func (c *verifyCommand) Run(ctx context.Context, a *app) error {
	pool, err := a.connectAs(ctx, "auren verify")
	if err != nil {
		return err
	}
	defer pool.Close()
	differences, err := migrations.Verify(ctx, pool)
	if err != nil {
		return err
	}
	if c.JSON {
		if differences == nil {
			differences = []migrations.Difference{}
		}
		if err := a.stdout.json(map[string]any{"differences": differences}); err != nil {
			return err
		}
	} else {
		printDifferences(a.stdout, differences)
	}
	if len(differences) > 0 {
		return fmt.Errorf("the schema of %s differs in %s", database.Target(pool), count(len(differences), "thing"))
	}
	if !c.JSON {
		a.stdout.printf("the schema of %s is as expected\n", database.Target(pool))
	}
	return nil
}

func printDifferences(s *screen, differences []migrations.Difference) {
	rows := make([][]cell, len(differences))
	for i, d := range differences {
		said := "expected " + d.Expected
		switch d.Problem {
		case migrations.Different:
			said = d.Actual + ", expected " + d.Expected
		case migrations.Unexpected:
			said = d.Actual
		}
		rows[i] = []cell{{string(d.Problem), yellow}, {d.Object, bold}, {oneLine(said), plain}}
	}
	s.table(0, nil, rows)
}
