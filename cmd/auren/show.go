package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/queries"
)

type showCommand struct {
	ID      string `arg:"" help:"The memory."`
	History bool   `help:"All its versions, the oldest first."`
	AsOf    string `name:"as-of" placeholder:"TIME|N" help:"As it was at a moment, or at a sequence_id."`
	JSON    bool   `help:"Print it as JSON."`
}

// Run prints one memory, or its history.
func (c *showCommand) Run(ctx context.Context, a *app) error {
	id, err := parseID("ID", c.ID)
	if err != nil {
		return err
	}
	asOf, err := parseAsOf(c.AsOf)
	if err != nil {
		return err
	}
	client, err := a.connect(ctx, "show")
	if err != nil {
		return err
	}
	defer client.close()
	if c.History {
		versions, err := asOfOrFresh(ctx, client, asOf, func(at queries.At) ([]queries.Version, error) {
			return client.history(ctx, id, at)
		})
		if err != nil {
			return err
		}
		return c.printHistory(a, versions)
	}
	m, err := asOfOrFresh(ctx, client, asOf, func(at queries.At) (queries.Memory, error) {
		m, _, err := client.reader.Get(ctx, a.tenant, id, at)
		return m, err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return a.stdout.json(m)
	}
	printMemory(a.stdout, &m)
	return nil
}

// history reads all versions of a memory.
func (c *client) history(ctx context.Context, id uuid.UUID, at queries.At) ([]queries.Version, error) {
	var versions []queries.Version
	for page := (queries.HistoryPage{Limit: queries.MaxLimit}); ; {
		result, err := c.reader.History(ctx, c.app.tenant, id, page, at)
		if err != nil {
			return nil, err
		}
		versions = append(versions, result.Versions...)
		if page.AfterVersion = result.NextAfterVersion; page.AfterVersion == 0 {
			return versions, nil
		}
	}
}

func (c *showCommand) printHistory(a *app, versions []queries.Version) error {
	if c.JSON {
		return a.stdout.json(map[string]any{"versions": versions})
	}
	rows := [][]cell{{{"version", dim}, {"sequence", dim}, {"recorded", dim}, {"event", dim}, {"conf", dim}, {"state", dim}, {"actor", dim}, {"content", dim}}}
	for i := range versions {
		v := &versions[i]
		content := gist(v.Memory.Content)
		if v.Reason != "" {
			content += "  (" + oneLine(v.Reason) + ")"
		}
		rows = append(rows, []cell{
			{fmt.Sprint(v.Memory.Version), bold}, {fmt.Sprint(v.Memory.SequenceID), plain}, {moment(v.RecordedAt), dim},
			{v.EventType, eventStyle(v.EventType)}, {fmt.Sprintf("%.2f", v.Memory.Confidence), plain},
			{v.Memory.State, plain}, {oneLine(v.Actor), plain}, {content, plain},
		})
	}
	a.stdout.table(0, map[int]bool{0: true, 1: true}, rows)
	return nil
}

func printMemory(s *screen, m *queries.Memory) {
	expires := "never"
	if m.ExpiresAt != nil {
		expires = moment(*m.ExpiresAt)
	}
	s.table(0, nil, [][]cell{
		{{"id", dim}, {m.ID.String(), bold}},
		{{"agent", dim}, {oneLine(m.AgentID), plain}},
		{{"user", dim}, {oneLine(m.UserID), plain}},
		{{"type", dim}, {oneLine(m.Type), plain}},
		{{"confidence", dim}, {fmt.Sprintf("%.2f", m.Confidence), plain}},
		{{"state", dim}, {m.State, plain}},
		{{"version", dim}, {fmt.Sprintf("%d  (sequence_id %d)", m.Version, m.SequenceID), plain}},
		{{"created", dim}, {moment(m.CreatedAt), plain}},
		{{"updated", dim}, {moment(m.UpdatedAt), plain}},
		{{"expires", dim}, {expires, plain}},
	})
	s.printf("%s    %s\n", s.paint(dim, "metadata"), indented(m.Metadata))
	s.printf("%s     %s\n", s.paint(dim, "content"), indented(m.Content))
}

// indented lays JSON out for people. What could confuse a terminal is escaped in JSON already, but for the control
// characters beyond ASCII.
func indented(raw json.RawMessage) string {
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		return oneLine(string(raw))
	}
	return printable(out.String())
}
