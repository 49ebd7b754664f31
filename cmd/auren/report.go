package main

import (
	"cmp"
	"maps"
	"slices"

	"github.com/auren-memory/auren/cmd/internal/jsonimport"
)

// printReport prints what became of the records: by agent, in total, and what a person should know besides.
func printReport(s *screen, r *jsonimport.Report) {
	if r.DryRun {
		s.printf("%s\n", s.paint(yellow, "dry run: nothing was written"))
	}
	s.printf("%s\n", rate(r))
	printCounts(s, r)
	printAsides(s, r)
	printRejected(s, r)
	if said, ok := verified(r); !ok {
		s.printf("%s\n", s.paint(red, said))
	} else if said != "" {
		s.printf("%s\n", s.paint(green, said))
	}
}

// printCounts prints a row for each agent and one for all. A dry run verifies nothing; and where lines are short, only
// the verdicts that there were have a column.
func printCounts(s *screen, r *jsonimport.Report) {
	var columns []countColumn
	for _, c := range countColumns() {
		if r.DryRun && c.name == "verified" || s.isNarrow() && c.of(&r.Total) == 0 {
			continue
		}
		columns = append(columns, c)
	}
	head, rightAligned := []cell{{"agent", dim}}, map[int]bool{}
	for i, c := range columns {
		head, rightAligned[i+1] = append(head, cell{c.name, dim}), true
	}
	row := func(name cell, counts *jsonimport.Counts) []cell {
		cells := []cell{name}
		for _, c := range columns {
			n := cell{number(c.of(counts)), c.as}
			if c.of(counts) == 0 {
				n.as = dim
			}
			cells = append(cells, n)
		}
		return cells
	}
	rows := [][]cell{head}
	for _, agent := range r.Agents {
		rows = append(rows, row(cell{oneLine(cmp.Or(agent.AgentID, "(none)")), cyan}, &agent.Counts))
	}
	s.table(0, rightAligned, append(rows, row(cell{"total", bold}, &r.Total)))
}

type countColumn struct {
	name string
	as   style
	of   func(*jsonimport.Counts) int
}

func countColumns() []countColumn {
	return []countColumn{
		{"records", bold, func(c *jsonimport.Counts) int { return c.Records }},
		{"added", green, func(c *jsonimport.Counts) int { return c.Added }},
		{"changed", yellow, func(c *jsonimport.Counts) int { return c.Changed }},
		{"unchanged", plain, func(c *jsonimport.Counts) int { return c.Unchanged }},
		{"kept", yellow, func(c *jsonimport.Counts) int { return c.Kept }},
		{"duplicate", plain, func(c *jsonimport.Counts) int { return c.Duplicate }},
		{"rejected", red, func(c *jsonimport.Counts) int { return c.Rejected }},
		{"verified", green, func(c *jsonimport.Counts) int { return c.Verified }},
	}
}

const (
	maxAsides  = 20
	maxReasons = 5
)

// printRejected says why records were left out, the most frequent reasons first, and where they are.
func printRejected(s *screen, r *jsonimport.Report) {
	if r.Total.Rejected == 0 {
		return
	}
	s.printf("%s\n", s.paint(dim, "rejected because"))
	rows := byCount(r.Reasons)
	s.table(2, map[int]bool{0: true}, rows[:min(len(rows), maxReasons)])
	if n := len(rows) - maxReasons; n > 0 {
		s.printf("  and for %s\n", count(n, "other reason"))
	}
	if r.Rejects == "" {
		s.printf("to see the rejected records, repeat with --rejects FILE\n")
		return
	}
	s.printf("the rejected records are in %s\n", r.Rejects)
}

// byCount makes rows of what was counted, the most frequent first.
func byCount[K ~string](counted map[K]int) (rows [][]cell) {
	for _, what := range slices.SortedFunc(maps.Keys(counted), func(a, b K) int {
		return cmp.Or(cmp.Compare(counted[b], counted[a]), cmp.Compare(a, b))
	}) {
		rows = append(rows, []cell{{number(counted[what]), bold}, {oneLine(string(what)), plain}})
	}
	return rows
}

// printAsides prints what was read otherwise than it is written, and which files gave trouble.
func printAsides(s *screen, r *jsonimport.Report) {
	rows := byCount(r.Notes)
	if len(rows) > 0 {
		s.printf("%s\n", s.paint(dim, "notes (docs/import.md explains them)"))
		s.table(2, map[int]bool{0: true}, rows)
	}
	rows = nil
	for _, f := range r.Problems() {
		rows = append(rows, []cell{{oneLine(f.Path), bold}, {oneLine(f.Problem), red}})
	}
	if len(rows) > 0 {
		s.printf("%s\n", s.paint(dim, "files not read to the end"))
		s.table(2, nil, rows[:min(len(rows), maxAsides)])
	}
	if r.Ignored > 0 {
		s.printf("%s ignored: not JSON\n", count(r.Ignored, "file"))
	}
	if r.Backup != nil {
		s.printf("%s copied to %s\n", count(r.Backup.Files, "file"), r.Backup.Directory)
	}
	if r.Verification == nil {
		return
	}
	for _, d := range r.Verification.Differences[:min(len(r.Verification.Differences), maxAsides)] {
		s.printf("  %s  %s  %s\n", d.ID, oneLine(d.File), s.paint(red, oneLine(d.Problem)))
	}
}
