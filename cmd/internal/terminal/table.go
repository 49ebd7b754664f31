package terminal

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// Cell is a text of a table and how it is painted.
type Cell = struct {
	Text string
	As   Style
}

// Table writes rows with the named columns aligned at the right; on a terminal the last one is cut where the line ends.
func (s *Screen) Table(indent int, rightAligned map[int]bool, rows [][]Cell) {
	var widths []int
	for _, row := range rows {
		for i, c := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], runewidth.StringWidth(c.Text))
		}
	}
	var out strings.Builder
	for _, row := range rows {
		out.WriteString(strings.Repeat(" ", indent))
		at := indent
		for i, c := range row {
			last := i == len(row)-1
			if last && !rightAligned[i] {
				c.Text = s.Cut(c.Text, at)
			}
			gap := strings.Repeat(" ", max(widths[i]-runewidth.StringWidth(c.Text), 0))
			switch {
			case rightAligned[i]:
				out.WriteString(gap + s.Paint(c.As, c.Text))
			case last:
				out.WriteString(s.Paint(c.As, c.Text))
			default:
				out.WriteString(s.Paint(c.As, c.Text) + gap)
			}
			if !last {
				out.WriteString("  ")
			}
			at += widths[i] + 2
		}
		out.WriteByte('\n')
	}
	s.Printf("%s", out.String())
}

// Cut shortens a text to what is left of a line of which some columns are taken; in a pipe it stays whole.
func (s *Screen) Cut(text string, taken int) string {
	if s.Width == 0 {
		return text
	}
	return runewidth.Truncate(text, max(s.Width-taken-1, 10), "…")
}
