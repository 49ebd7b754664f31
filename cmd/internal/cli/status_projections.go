package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/auren-memory/auren/cmd/internal/health"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/projections"
)

// shownAtMost is how many rows are shown where there are more, those that need somebody first.
const shownAtMost = 12

func printProjections(s *terminal.Screen, all []health.Projection, everything bool) {
	if len(all) == 0 {
		return
	}
	shown := all
	if len(all) > shownAtMost && !everything {
		s.Printf("\n")
		s.Table(0, map[int]bool{1: true, 2: true, 3: true, 4: true, 5: true, 6: true, 7: true, 8: true}, summarize(all))
		shown = worst(all)[:shownAtMost]
		s.Printf("\n%s\n", s.Paint(terminal.Dim, fmt.Sprintf("the worst %d of %s; --all shows the others", shownAtMost, terminal.Number(len(all)))))
	}
	rows := [][]terminal.Cell{{
		{"tenant", terminal.Dim}, {"projection", terminal.Dim}, {"at", terminal.Dim}, {"head", terminal.Dim}, {"lag", terminal.Dim}, {"behind", terminal.Dim}, {"events/s", terminal.Dim},
		{"led by", terminal.Dim}, {"term", terminal.Dim}, {"state", terminal.Dim},
	}}
	for _, p := range shown {
		rows = append(rows, []terminal.Cell{
			{string(p.Tenant), terminal.Plain}, {p.Projection, terminal.Cyan}, {terminal.Number(p.SequenceID), terminal.Bold}, {terminal.Number(p.Head), terminal.Plain}, {terminal.Number(p.Lag), terminal.Plain},
			{terminal.Duration(behind(p)), terminal.Plain}, {terminal.Number(int64(p.EventsPerSecond)), terminal.Plain},
			{terminal.OneLine(strings.TrimSpace(p.Holder)), terminal.Dim}, {terminal.Number(p.Term), terminal.Dim}, stateCell(&p),
		})
	}
	if len(shown) == len(all) {
		s.Printf("\n")
	}
	s.Table(0, map[int]bool{2: true, 3: true, 4: true, 5: true, 6: true, 8: true}, rows)
}

func behind(p health.Projection) time.Duration {
	return time.Duration(p.LagSeconds * float64(time.Second))
}

func stateCell(p *health.Projection) terminal.Cell {
	switch {
	case p.Problem != "":
		return terminal.Cell{terminal.OneLine(p.Problem), terminal.Red}
	case p.State == projections.Moving:
		return terminal.Cell{p.State, terminal.Yellow}
	default:
		return terminal.Cell{p.State, terminal.Green}
	}
}

// summarize has a row for each projection, over all tenants.
func summarize(all []health.Projection) [][]terminal.Cell {
	byName := map[string][]health.Projection{}
	for _, p := range all {
		byName[p.Projection] = append(byName[p.Projection], p)
	}
	rows := [][]terminal.Cell{{
		{"projection", terminal.Dim}, {"tenants", terminal.Dim}, {"led by", terminal.Dim}, {"not led", terminal.Dim}, {"idle", terminal.Dim}, {"moving", terminal.Dim}, {"stuck", terminal.Dim}, {"stopped", terminal.Dim}, {"lag", terminal.Dim},
	}}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		leaders, states, unled, lag := map[string]bool{}, map[string]int{}, 0, int64(0)
		for _, p := range byName[name] {
			if p.Holder != "" {
				leaders[p.Holder] = true
			} else {
				unled++
			}
			states[p.State]++
			lag += p.Lag
		}
		row := []terminal.Cell{{name, terminal.Cyan}, {terminal.Number(len(byName[name])), terminal.Plain}, {terminal.Count(len(leaders), "projector"), terminal.Plain}, alarming(unled)}
		row = append(row, terminal.Cell{terminal.Number(states[projections.Idle]), terminal.Plain}, terminal.Cell{terminal.Number(states[projections.Moving]), terminal.Plain},
			alarming(states[projections.Stuck]), alarming(states[projections.Stopped]), terminal.Cell{terminal.Number(lag), terminal.Plain})
		rows = append(rows, row)
	}
	return rows
}

// alarming paints a number red unless it is 0.
func alarming(n int) terminal.Cell {
	if n > 0 {
		return terminal.Cell{terminal.Number(n), terminal.Red}
	}
	return terminal.Cell{terminal.Number(n), terminal.Plain}
}

// worst orders by what needs somebody: what has a problem first, then what is the farthest behind.
func worst(all []health.Projection) []health.Projection {
	return slices.SortedStableFunc(slices.Values(all), func(a, b health.Projection) int {
		return cmp.Or(
			-cmp.Compare(severity(a), severity(b)),
			-cmp.Compare(a.LagSeconds, b.LagSeconds),
			-cmp.Compare(a.Lag, b.Lag))
	})
}

func severity(p health.Projection) int {
	switch {
	case p.State == projections.Stopped:
		return 2
	case p.Problem != "":
		return 1
	default:
		return 0
	}
}
