package cli

import (
	"cmp"
	"maps"
	"slices"

	"github.com/auren-memory/auren/cmd/internal/jsonimport"
	"github.com/auren-memory/auren/cmd/internal/terminal"
)

// printReport prints what became of the records: by agent, in total, and what a person should know besides.
func printReport(s *terminal.Screen, r *jsonimport.Report) {
	if r.DryRun {
		s.Printf("%s\n", s.Paint(terminal.Yellow, "dry run: nothing was written"))
	}
	s.Printf("%s\n", rate(r))
	printCounts(s, r)
	printAsides(s, r)
	printRejected(s, r)
	if said, ok := verified(r); !ok {
		s.Printf("%s\n", s.Paint(terminal.Red, said))
	} else if said != "" {
		s.Printf("%s\n", s.Paint(terminal.Green, said))
	}
}

// printCounts prints a row for each agent and one for all. A dry run verifies nothing; and where lines are short, only
// the verdicts that there were have a column.
func printCounts(s *terminal.Screen, r *jsonimport.Report) {
	var columns []countColumn
	for _, c := range countColumns() {
		if r.DryRun && c.name == "verified" || s.IsNarrow() && c.of(&r.Total) == 0 {
			continue
		}
		columns = append(columns, c)
	}
	head, rightAligned := []terminal.Cell{{"agent", terminal.Dim}}, map[int]bool{}
	for i, c := range columns {
		head, rightAligned[i+1] = append(head, terminal.Cell{c.name, terminal.Dim}), true
	}
	row := func(name terminal.Cell, counts *jsonimport.Counts) []terminal.Cell {
		cells := []terminal.Cell{name}
		for _, c := range columns {
			n := terminal.Cell{terminal.Number(c.of(counts)), c.as}
			if c.of(counts) == 0 {
				n.As = terminal.Dim
			}
			cells = append(cells, n)
		}
		return cells
	}
	rows := [][]terminal.Cell{head}
	for _, agent := range r.Agents {
		rows = append(rows, row(terminal.Cell{terminal.OneLine(cmp.Or(agent.AgentID, "(none)")), terminal.Cyan}, &agent.Counts))
	}
	s.Table(0, rightAligned, append(rows, row(terminal.Cell{"total", terminal.Bold}, &r.Total)))
}

type countColumn struct {
	name string
	as   terminal.Style
	of   func(*jsonimport.Counts) int
}

func countColumns() []countColumn {
	return []countColumn{
		{"records", terminal.Bold, func(c *jsonimport.Counts) int { return c.Records }},
		{"added", terminal.Green, func(c *jsonimport.Counts) int { return c.Added }},
		{"changed", terminal.Yellow, func(c *jsonimport.Counts) int { return c.Changed }},
		{"unchanged", terminal.Plain, func(c *jsonimport.Counts) int { return c.Unchanged }},
		{"kept", terminal.Yellow, func(c *jsonimport.Counts) int { return c.Kept }},
		{"duplicate", terminal.Plain, func(c *jsonimport.Counts) int { return c.Duplicate }},
		{"rejected", terminal.Red, func(c *jsonimport.Counts) int { return c.Rejected }},
		{"verified", terminal.Green, func(c *jsonimport.Counts) int { return c.Verified }},
	}
}

const (
	maxAsides  = 20
	maxReasons = 5
)

// printRejected says why records were left out, the most frequent reasons first, and where they are.
func printRejected(s *terminal.Screen, r *jsonimport.Report) {
	if r.Total.Rejected == 0 {
		return
	}
	s.Printf("%s\n", s.Paint(terminal.Dim, "rejected because"))
	rows := byCount(r.Reasons)
	s.Table(2, map[int]bool{0: true}, rows[:min(len(rows), maxReasons)])
	if n := len(rows) - maxReasons; n > 0 {
		s.Printf("  and for %s\n", terminal.Count(n, "other reason"))
	}
	if r.Rejects == "" {
		s.Printf("to see the rejected records, repeat with --rejects FILE\n")
		return
	}
	s.Printf("the rejected records are in %s\n", r.Rejects)
}

// byCount makes rows of what was counted, the most frequent first.
func byCount[K ~string](counted map[K]int) (rows [][]terminal.Cell) {
	for _, what := range slices.SortedFunc(maps.Keys(counted), func(a, b K) int {
		return cmp.Or(cmp.Compare(counted[b], counted[a]), cmp.Compare(a, b))
	}) {
		rows = append(rows, []terminal.Cell{{terminal.Number(counted[what]), terminal.Bold}, {terminal.OneLine(string(what)), terminal.Plain}})
	}
	return rows
}

// printAsides prints what was read otherwise than it is written, and which files gave trouble.
func printAsides(s *terminal.Screen, r *jsonimport.Report) {
	rows := byCount(r.Notes)
	if len(rows) > 0 {
		s.Printf("%s\n", s.Paint(terminal.Dim, "notes (docs/import.md explains them)"))
		s.Table(2, map[int]bool{0: true}, rows)
	}
	rows = nil
	for _, f := range r.Problems() {
		rows = append(rows, []terminal.Cell{{terminal.OneLine(f.Path), terminal.Bold}, {terminal.OneLine(f.Problem), terminal.Red}})
	}
	if len(rows) > 0 {
		s.Printf("%s\n", s.Paint(terminal.Dim, "files not read to the end"))
		s.Table(2, nil, rows[:min(len(rows), maxAsides)])
	}
	if r.Ignored > 0 {
		s.Printf("%s ignored: not JSON\n", terminal.Count(r.Ignored, "file"))
	}
	if r.Backup != nil {
		s.Printf("%s copied to %s\n", terminal.Count(r.Backup.Files, "file"), r.Backup.Directory)
	}
	if r.Verification == nil {
		return
	}
	for _, d := range r.Verification.Differences[:min(len(r.Verification.Differences), maxAsides)] {
		s.Printf("  %s  %s  %s\n", d.ID, terminal.OneLine(d.File), s.Paint(terminal.Red, terminal.OneLine(d.Problem)))
	}
}
