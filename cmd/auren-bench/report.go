package main

import (
	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/internal/terminal"
)

// printReport prints the figures as tables.
func printReport(s *terminal.Screen, r *measure.Report) {
	for _, line := range r.Describe() {
		s.Printf("%s\n", s.Paint(terminal.Dim, terminal.OneLine(line)))
	}
	s.Printf("%s\n", s.Paint(terminal.Dim, "▁ marks the floors; × compares with the first floor of the case, × 2nd with the second; medians"))
	for _, section := range r.Sections() {
		s.Printf("\n%s\n", s.Paint(terminal.Bold, section.Title))
		rows := make([][]terminal.Cell, len(section.Rows))
		for i, row := range section.Rows {
			as := terminal.Plain
			if i == 0 {
				as = terminal.Dim
			}
			for _, text := range row {
				rows[i] = append(rows[i], terminal.Cell{text, as})
			}
		}
		numbers := map[int]bool{}
		for column := range section.Rows[0] {
			numbers[column] = column >= 2
		}
		s.Table(0, numbers, rows)
	}
}
