package main

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"github.com/auren-memory/auren/commands/jsonimport"
)

// printReport prints what became of the records: by agent, in total, and what a person should know besides.
func printReport(s *screen, r *jsonimport.Report) {
	if r.DryRun {
		s.printf("%s\n", s.paint(yellow, "dry run: nothing was written"))
	}
	s.printf("%s\n", rate(r))
	rows := [][]cell{{{"agent", dim}, {"records", dim}, {"added", dim}, {"changed", dim}, {"unchanged", dim}, {"kept", dim},
		{"duplicate", dim}, {"rejected", dim}, {"verified", dim}}}
	for _, agent := range r.Agents {
		rows = append(rows, countsRow(cell{oneLine(cmp.Or(agent.AgentID, "(none)")), cyan}, agent.Counts))
	}
	rows = append(rows, countsRow(cell{"total", bold}, r.Total))
	rightAligned := map[int]bool{}
	for i := 1; i < len(rows[0]); i++ {
		rightAligned[i] = true
	}
	s.table(0, rightAligned, rows)
	printAsides(s, r)
	said, ok := verified(r)
	as := green
	if !ok {
		as = red
	}
	s.printf("%s\n", s.paint(as, said))
}

func countsRow(name cell, c jsonimport.Counts) []cell {
	row := []cell{name}
	for _, n := range []struct {
		of int
		as style
	}{{c.Records, bold}, {c.Added, green}, {c.Changed, yellow}, {c.Unchanged, plain}, {c.Kept, yellow}, {c.Duplicate, plain}, {c.Rejected, red}, {c.Verified, green}} {
		if n.of == 0 {
			n.as = dim
		}
		row = append(row, cell{number(n.of), n.as})
	}
	return row
}

const maxAsides = 20

// printAsides prints what was read otherwise than it is written, and which files gave trouble.
func printAsides(s *screen, r *jsonimport.Report) {
	var rows [][]cell
	for _, code := range slices.SortedFunc(maps.Keys(r.Notes), func(a, b jsonimport.NoteCode) int {
		return cmp.Or(cmp.Compare(r.Notes[b], r.Notes[a]), cmp.Compare(a, b))
	}) {
		rows = append(rows, []cell{{strconv.Itoa(r.Notes[code]), bold}, {string(code), plain}})
	}
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
		s.printf("%s ignored, which are no JSON files\n", count(r.Ignored, "file"))
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
