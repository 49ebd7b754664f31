package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/queries"
)

// List is `auren list`.
type List struct {
	filtering
	State     string `help:"Only those in this state: active, forgotten, expired, all (default active, or those that --filters ask for)."`
	Order     string `default:"updated" enum:"created,updated,recorded,confidence" help:"What to order by: ${enum} (default ${default})."`
	Ascending bool   `help:"The oldest or least sure first; default the other way round."`
	Limit     int    `default:"50" placeholder:"N" help:"How many at most (default ${default}, up to 1000)."`
	Cursor    string `placeholder:"TEXT" empty:"" help:"Go on where the list ended that said this."`
	AsOf      AsOf   `name:"as-of" placeholder:"TIME|N" help:"What was known at a moment, or at a sequence_id."`
	JSON      bool   `help:"Print the page as JSON."`
}

// Run prints a page of memories.
func (c *List) Run(ctx context.Context, a *App) error {
	if err := checkLimit(c.Limit, queries.MaxLimit); err != nil {
		return err
	}
	request := api.ListMemoriesRequest{State: c.State, Order: c.Order, Descending: !c.Ascending, Cursor: c.Cursor, Limit: c.Limit}
	request.Filter = c.filter()
	result, err := ask(ctx, a, "list", c.AsOf, func(door *stack.Door, m api.Moment) (queries.ListResult, error) {
		request.Moment = m
		return api.ListMemories.Call(ctx, door, a.Caller(), request)
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return a.Stdout.JSON(result)
	}
	if len(result.Memories) == 0 {
		a.Stdout.Printf("no memories\n")
		return nil
	}
	printList(a.Stdout, result.Memories)
	printMore(a.Stdout, result.NextCursor)
	return nil
}

// printMore says how to go on after a page.
func printMore(s *terminal.Screen, nextCursor string) {
	if nextCursor != "" {
		s.Printf("%s\n", s.Paint(terminal.Dim, "there are more: --cursor "+terminal.Quoted(nextCursor)))
	}
}

// printMemories prints a table, or, where a line has no room for it, two lines for each memory.
// Of gives what leads its line.
func printMemories[T any](s *terminal.Screen, head string, list []T, of func(*T) (lead terminal.Cell, m *queries.Memory)) {
	if s.IsNarrow() {
		for i := range list {
			lead, m := of(&list[i])
			s.Printf("%s  %s\n", s.Paint(lead.As, lead.Text), s.Cut(summary(m.Content), len(lead.Text)+2))
			about := strings.Join([]string{terminal.OneLine(m.AgentID), terminal.OneLine(m.UserID), terminal.OneLine(m.Type), terminal.Time(m.UpdatedAt)[:10]}, " · ")
			if m.State != queries.StateActive {
				about += " · " + m.State
			}
			margin := strings.Repeat(" ", len(lead.Text)+2)
			s.Printf("%s%s\n%s%s\n", margin, s.Paint(terminal.Dim, s.Cut(about, len(margin))), margin, s.Paint(terminal.Dim, m.ID.String()))
		}
		return
	}
	rows := [][]terminal.Cell{{{head, terminal.Dim}, {"id", terminal.Dim}, {"agent", terminal.Dim}, {"user", terminal.Dim}, {"type", terminal.Dim}, {"updated", terminal.Dim}, {"state", terminal.Dim}, {"content", terminal.Dim}}}
	for i := range list {
		lead, m := of(&list[i])
		state := terminal.Cell{m.State, terminal.Plain}
		if m.State != queries.StateActive {
			state.As = terminal.Red
		}
		rows = append(rows, []terminal.Cell{
			lead, {m.ID.String(), terminal.Dim}, {terminal.OneLine(m.AgentID), terminal.Cyan}, {terminal.OneLine(m.UserID), terminal.Plain}, {terminal.OneLine(m.Type), terminal.Plain},
			{terminal.Time(m.UpdatedAt), terminal.Dim}, state, {summary(m.Content), terminal.Plain},
		})
	}
	s.Table(0, nil, rows)
}

// printHits prints what was found, each between what was told before and after it.
func printHits(s *terminal.Screen, hits []queries.Hit) {
	type line struct {
		lead terminal.Cell
		*queries.Memory
	}
	var lines []line
	for i := range hits {
		h := &hits[i]
		told := func(when string, memories []queries.Memory) {
			for j := range memories {
				lines = append(lines, line{terminal.Cell{when, terminal.Dim}, &memories[j]})
			}
		}
		if h.Context != nil {
			told("before", h.Context.Before)
		}
		lines = append(lines, line{terminal.Cell{fmt.Sprintf("%.3f", h.Score), terminal.Green}, &h.Memory})
		if h.Context != nil {
			told("after", h.Context.After)
		}
	}
	printMemories(s, "score", lines, func(l *line) (terminal.Cell, *queries.Memory) { return l.lead, l.Memory })
}

func printList(s *terminal.Screen, memories []queries.Memory) {
	printMemories(s, "conf", memories, func(m *queries.Memory) (terminal.Cell, *queries.Memory) {
		return terminal.Cell{fmt.Sprintf("%.2f", m.Confidence), terminal.Bold}, m
	})
}
