package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rebuild"
)

// errDiffer ends a verification that found differences; which, was printed. Of the two it is the log that was altered
// where its chain is broken, and then the tables are the only good copy.
var errDiffer = errors.New("the live tables differ from what the log gives; where the chain of its hashes is whole (docs/events.md), `auren rebuild` mends them")

// verify compares the live tables with new ones.
func (c *rebuildCommand) verify(ctx context.Context, a *app, pool *pgxpool.Pool, compared []projections.Projection,
	config rebuild.Config, bars *phaseBars,
) error {
	began := time.Now()
	found, err := rebuild.Verify(ctx, pool, compared, config)
	bars.end(err == nil)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if c.JSON {
		err = a.stdout.json(found)
	} else {
		printComparison(a.stdout, found, time.Since(began))
	}
	if err == nil && !found.Equal {
		err = errDiffer
	}
	return err
}

func printComparison(s *screen, found *rebuild.Comparison, lasted time.Duration) {
	rows := [][]cell{{{"table", dim}, {"rows", dim}, {"missing", dim}, {"extra", dim}, {"altered", dim}, {"result", dim}}}
	total := int64(0)
	for _, t := range found.Tables {
		state := cell{"equal", green}
		if !t.Equal() {
			state = cell{"differs", red}
		}
		rows = append(rows, []cell{{t.Table, cyan}, {number(t.Rows), bold}, {number(t.Missing), plain}, {number(t.Extra), plain},
			{number(t.Altered), plain}, state})
		total += t.Rows
	}
	s.table(0, map[int]bool{1: true, 2: true, 3: true, 4: true}, rows)
	for _, t := range found.Tables {
		for _, d := range t.Differences {
			text := fmt.Sprintf("%s %s %s", t.Table, oneLine(string(d.Key)), d.Kind)
			if len(d.Columns) > 0 {
				text += ": " + strings.Join(d.Columns, ", ")
			}
			s.printf("%s %s\n", s.paint(red, "≠"), text)
		}
		if named := int64(len(t.Differences)); t.Missing+t.Extra+t.Altered > named {
			s.printf("  and %s more in %s\n", number(t.Missing+t.Extra+t.Altered-named), t.Table)
		}
	}
	verdict := s.paint(green, "equal")
	if !found.Equal {
		verdict = s.paint(red, "different")
	}
	s.printf("%s after %s rows in %s; projectors waited %s\n", verdict, number(total), took(lasted),
		took(time.Duration(found.LockedSeconds*float64(time.Second))))
}
