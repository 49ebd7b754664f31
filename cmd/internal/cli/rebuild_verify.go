package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rebuild"
)

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
	if c.JSON {
		err = a.Stdout.JSON(found)
	} else {
		printComparison(a.Stdout, found, time.Since(began))
	}
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
