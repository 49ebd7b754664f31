package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/queries"
)

// Show is `auren show`.
type Show struct {
	memoryArgument
	History bool `help:"All its versions, the oldest first."`
	AsOf    AsOf `name:"as-of" placeholder:"TIME|N" help:"As it was at a moment, or at a sequence_id."`
	JSON    bool `help:"Print it as JSON."`
}

// Run prints one memory, or its history.
func (c *Show) Run(ctx context.Context, a *App) error {
	if c.History {
		said := map[int]string{}
		versions, err := ask(ctx, a, "show", c.AsOf, func(door *stack.Door, m api.Moment) ([]queries.Version, error) {
			versions, err := readHistory(ctx, a, door, api.GetHistoryRequest{MemoryID: c.memory(), Limit: queries.MaxLimit, Moment: m})
			if err != nil || c.JSON {
				return versions, err
			}
			return versions, readStream(ctx, a, door, c.memory(), func(events []eventstore.Event) error {
				for i := range events {
					if e := &events[i]; e.Type == memory.TypeEvidenceRecorded || e.Type == memory.TypeExpirySet {
						said[e.Version] = describe(e) + " · "
					}
				}
				return nil
			})
		})
		if err != nil {
			return err
		}
		return c.printHistory(a, versions, said)
	}
	m, err := ask(ctx, a, "show", c.AsOf, func(door *stack.Door, m api.Moment) (queries.Memory, error) {
		return api.GetMemory.Call(ctx, door, a.Caller(), api.GetMemoryRequest{MemoryID: c.memory(), Moment: m})
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return a.Stdout.JSON(m)
	}
	printMemory(a.Stdout, &m)
	return nil
}

// readHistory reads all versions of a memory.
func readHistory(ctx context.Context, a *App, d *stack.Door, request api.GetHistoryRequest) ([]queries.Version, error) {
	var versions []queries.Version
	for {
		result, err := api.GetHistory.Call(ctx, d, a.Caller(), request)
		if err != nil {
			return nil, err
		}
		versions = append(versions, result.Versions...)
		if request.AfterVersion = result.NextAfterVersion; request.AfterVersion == 0 {
			return versions, nil
		}
	}
}

// printHistory prints versions, each with what its event said that the memory does not show.
func (c *Show) printHistory(a *App, versions []queries.Version, said map[int]string) error {
	if c.JSON {
		return a.Stdout.JSON(map[string]any{"versions": versions})
	}
	rows := [][]terminal.Cell{{{"version", terminal.Dim}, {"sequence", terminal.Dim}, {"recorded", terminal.Dim}, {"event", terminal.Dim}, {"conf", terminal.Dim}, {"state", terminal.Dim}, {"actor", terminal.Dim}, {"content", terminal.Dim}}}
	for i := range versions {
		v := &versions[i]
		content := said[v.Memory.Version] + summary(v.Memory.Content)
		if v.Reason != "" {
			content += "  (" + terminal.OneLine(v.Reason) + ")"
		}
		rows = append(rows, []terminal.Cell{
			{fmt.Sprint(v.Memory.Version), terminal.Bold}, {fmt.Sprint(v.Memory.SequenceID), terminal.Plain}, {terminal.Time(v.Memory.RecordedAt), terminal.Dim},
			{v.EventType, eventStyle(v.EventType)}, {fmt.Sprintf("%.2f", v.Memory.Confidence), terminal.Plain},
			{v.Memory.State, terminal.Plain}, {terminal.OneLine(v.Actor), terminal.Plain}, {content, terminal.Plain},
		})
	}
	a.Stdout.Table(0, map[int]bool{0: true, 1: true}, rows)
	return nil
}

func printMemory(s *terminal.Screen, m *queries.Memory) {
	s.Table(0, nil, [][]terminal.Cell{
		{{"id", terminal.Dim}, {m.ID.String(), terminal.Bold}},
		{{"agent", terminal.Dim}, {terminal.OneLine(m.AgentID), terminal.Plain}},
		{{"user", terminal.Dim}, {terminal.OneLine(m.UserID), terminal.Plain}},
		{{"type", terminal.Dim}, {terminal.OneLine(m.Type), terminal.Plain}},
		{{"confidence", terminal.Dim}, {fmt.Sprintf("%.2f", m.Confidence), terminal.Plain}},
		{{"state", terminal.Dim}, {m.State, terminal.Plain}},
		{{"version", terminal.Dim}, {fmt.Sprintf("%d  (sequence_id %d)", m.Version, m.SequenceID), terminal.Plain}},
		{{"created", terminal.Dim}, {terminal.Time(m.CreatedAt), terminal.Plain}},
		{{"updated", terminal.Dim}, {terminal.Time(m.UpdatedAt), terminal.Plain}},
		{{"expires", terminal.Dim}, {timeOr(m.ExpiresAt, "never"), terminal.Plain}},
		{{"valid", terminal.Dim}, {validity(m), terminal.Plain}},
	})
	s.Printf("%s    %s\n", s.Paint(terminal.Dim, "metadata"), indented(m.Metadata))
	s.Printf("%s     %s\n", s.Paint(terminal.Dim, "content"), indented(m.Content))
}

// validity says when the memory is so in the world.
func validity(m *queries.Memory) string {
	switch {
	case m.ValidFrom == nil && m.ValidTo == nil:
		return "always"
	case m.ValidTo == nil:
		return "from " + terminal.Time(*m.ValidFrom)
	}
	return strings.TrimSpace(timeOr(m.ValidFrom, "") + " until " + terminal.Time(*m.ValidTo))
}

func timeOr(t *time.Time, otherwise string) string {
	if t == nil {
		return otherwise
	}
	return terminal.Time(*t)
}

// indented lays JSON out for people. What could confuse a terminal is escaped in JSON already, but for the control
// characters beyond ASCII.
func indented(raw json.RawMessage) string {
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return terminal.OneLine(string(raw))
	}
	return terminal.Printable(out.String())
}
