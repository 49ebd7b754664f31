package main

import (
	"fmt"
	"strings"

	"github.com/auren-memory/auren/queries"
)

// listed is a memory in a list, with what leads its line: a score, or its confidence.
type listed struct {
	lead   cell
	memory *queries.Memory
}

// printMemories prints a table, or, where a line has no room for it, two lines for each memory.
func printMemories(s *screen, lead string, list []listed) {
	if s.isNarrow() {
		for _, l := range list {
			m := l.memory
			s.printf("%s  %s\n", s.paint(l.lead.as, l.lead.text), s.cut(gist(m.Content), len(l.lead.text)+2))
			about := strings.Join([]string{oneLine(m.AgentID), oneLine(m.UserID), oneLine(m.Type), moment(m.UpdatedAt)[:10]}, " · ")
			if m.State != queries.StateActive {
				about += " · " + m.State
			}
			margin := strings.Repeat(" ", len(l.lead.text)+2)
			s.printf("%s%s\n%s%s\n", margin, s.paint(dim, s.cut(about, len(margin))), margin, s.paint(dim, m.ID.String()))
		}
		return
	}
	rows := [][]cell{{{lead, dim}, {"id", dim}, {"agent", dim}, {"user", dim}, {"type", dim}, {"updated", dim}, {"state", dim}, {"content", dim}}}
	for _, l := range list {
		m := l.memory
		state := cell{m.State, plain}
		if m.State != queries.StateActive {
			state.as = red
		}
		rows = append(rows, []cell{
			l.lead, {m.ID.String(), dim}, {oneLine(m.AgentID), cyan}, {oneLine(m.UserID), plain}, {oneLine(m.Type), plain},
			{moment(m.UpdatedAt), dim}, state, {gist(m.Content), plain},
		})
	}
	s.table(0, nil, rows)
}

func printHits(s *screen, hits []queries.Hit) {
	list := make([]listed, len(hits))
	for i := range hits {
		list[i] = listed{cell{fmt.Sprintf("%.3f", hits[i].Score), green}, &hits[i].Memory}
	}
	printMemories(s, "score", list)
}

func printList(s *screen, memories []queries.Memory) {
	list := make([]listed, len(memories))
	for i := range memories {
		list[i] = listed{cell{fmt.Sprintf("%.2f", memories[i].Confidence), bold}, &memories[i]}
	}
	printMemories(s, "conf", list)
}
