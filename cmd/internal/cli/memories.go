package cli

import (
	"fmt"
	"strings"

	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/queries"
)

// listed is a memory in a list, with what leads its line: a score, or its confidence.
type listed struct {
	lead   terminal.Cell
	memory *queries.Memory
}

// printMemories prints a table, or, where a line has no room for it, two lines for each memory.
func printMemories(s *terminal.Screen, lead string, list []listed) {
	if s.IsNarrow() {
		for _, l := range list {
			m := l.memory
			s.Printf("%s  %s\n", s.Paint(l.lead.As, l.lead.Text), s.Cut(summary(m.Content), len(l.lead.Text)+2))
			about := strings.Join([]string{terminal.OneLine(m.AgentID), terminal.OneLine(m.UserID), terminal.OneLine(m.Type), terminal.Time(m.UpdatedAt)[:10]}, " · ")
			if m.State != queries.StateActive {
				about += " · " + m.State
			}
			margin := strings.Repeat(" ", len(l.lead.Text)+2)
			s.Printf("%s%s\n%s%s\n", margin, s.Paint(terminal.Dim, s.Cut(about, len(margin))), margin, s.Paint(terminal.Dim, m.ID.String()))
		}
		return
	}
	rows := [][]terminal.Cell{{{lead, terminal.Dim}, {"id", terminal.Dim}, {"agent", terminal.Dim}, {"user", terminal.Dim}, {"type", terminal.Dim}, {"updated", terminal.Dim}, {"state", terminal.Dim}, {"content", terminal.Dim}}}
	for _, l := range list {
		m := l.memory
		state := terminal.Cell{m.State, terminal.Plain}
		if m.State != queries.StateActive {
			state.As = terminal.Red
		}
		rows = append(rows, []terminal.Cell{
			l.lead, {m.ID.String(), terminal.Dim}, {terminal.OneLine(m.AgentID), terminal.Cyan}, {terminal.OneLine(m.UserID), terminal.Plain}, {terminal.OneLine(m.Type), terminal.Plain},
			{terminal.Time(m.UpdatedAt), terminal.Dim}, state, {summary(m.Content), terminal.Plain},
		})
	}
	s.Table(0, nil, rows)
}

func printHits(s *terminal.Screen, hits []queries.Hit) {
	list := make([]listed, len(hits))
	for i := range hits {
		list[i] = listed{terminal.Cell{fmt.Sprintf("%.3f", hits[i].Score), terminal.Green}, &hits[i].Memory}
	}
	printMemories(s, "score", list)
}

func printList(s *terminal.Screen, memories []queries.Memory) {
	list := make([]listed, len(memories))
	for i := range memories {
		list[i] = listed{terminal.Cell{fmt.Sprintf("%.2f", memories[i].Confidence), terminal.Bold}, &memories[i]}
	}
	printMemories(s, "conf", list)
}
