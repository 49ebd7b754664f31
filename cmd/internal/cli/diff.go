package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/queries"
)

// Diff is `auren diff`.
type Diff struct {
	ID     *uuid.UUID `arg:"" optional:"" placeholder:"ID" help:"Only this memory."`
	From   AsOf       `placeholder:"TIME|N" help:"Since a moment, or a sequence_id; default: the beginning."`
	To     AsOf       `placeholder:"TIME|N" help:"Until a moment, or a sequence_id; default: now."`
	Agent  string     `placeholder:"ID" help:"Only memories of this agent."`
	User   string     `placeholder:"ID" help:"Only memories about this user."`
	Limit  int        `default:"50" placeholder:"N" help:"How many changed memories at most (default ${default}, up to 1000)."`
	Cursor string     `placeholder:"TEXT" empty:"" help:"Go on where the diff ended that said this."`
	JSON   bool       `help:"Print the page as JSON."`
}

// Run prints what changed between two moments.
func (c *Diff) Run(ctx context.Context, a *App) error {
	if err := checkLimit(c.Limit, queries.MaxLimit); err != nil {
		return err
	}
	request := api.DiffRequest{
		ID: c.ID, Owners: api.Owners{AgentID: c.Agent, UserID: c.User}, From: string(c.From), Cursor: c.Cursor, Limit: c.Limit,
	}
	result, err := ask(ctx, a, "diff", c.To, func(door *stack.Door, m api.Moment) (queries.DiffResult, error) {
		request.To, request.Minimum = m.AsOf, m.Minimum
		return api.Diff.Call(ctx, door, a.Caller(), request)
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return a.Stdout.JSON(result)
	}
	return printDiff(a.Stdout, &result)
}

func printDiff(s *terminal.Screen, d *queries.DiffResult) error {
	s.Printf("%s\n", s.Paint(terminal.Dim, "from "+instant(d.From)+" to "+instant(d.To)))
	if d.Counts != nil {
		s.Printf("%s\n", counted(d.Counts))
	}
	lines := eventPrinter{to: s}
	for i := range d.Changes {
		c := &d.Changes[i]
		before := []terminal.Cell{{fmt.Sprintf("%8d", c.SequenceID), terminal.Bold}, {terminal.Time(c.RecordedAt), terminal.Dim}}
		id := []terminal.Cell{{c.ID.String(), terminal.Dim}}
		if err := lines.wrapped(before, id, nil, headline(c)); err != nil {
			return err
		}
		s.Table(10, nil, details(s, c))
	}
	if d.NextCursor != "" {
		s.Printf("%s\n", s.Paint(terminal.Dim, "there are more: --cursor "+terminal.Quoted(d.NextCursor)))
	}
	return nil
}

func instant(i queries.Instant) string {
	if i.Time == nil {
		return "the beginning"
	}
	return fmt.Sprintf("%s (event %d)", terminal.Time(*i.Time), i.SequenceID)
}

// counted says how many memories changed, and in what ways.
func counted(c *queries.ChangeCounts) string {
	if c.Memories == 0 {
		return "nothing changed"
	}
	text := terminal.Count(c.Memories, "memory") + " changed"
	if c.Incomplete {
		text += ", and more that are not counted"
	}
	separator := ": "
	for _, kind := range queries.Kinds() {
		if n := *c.Of(kind); n > 0 {
			text += separator + terminal.Number(n) + " " + words(kind)
			separator = ", "
		}
	}
	return text
}

func words(k queries.Kind) string { return strings.ReplaceAll(string(k), "_", " ") }

// headline says what happened to a memory, whose it is, and who did the last of it and why.
func headline(c *queries.Change) string {
	kinds := make([]string, len(c.Changes))
	for i, k := range c.Changes {
		kinds[i] = words(k)
	}
	text := strings.Join(kinds, ", ") + "  " + terminal.OneLine(c.AgentID) + "/" + terminal.OneLine(c.UserID)
	if c.Actor != "" {
		text += "  by " + terminal.OneLine(c.Actor)
	}
	if c.Reason != "" {
		text += "  (" + terminal.OneLine(c.Reason) + ")"
	}
	return text
}

// details are a line for each value that changed: a sign, what it is, and from what to what.
func details(s *terminal.Screen, c *queries.Change) (rows [][]terminal.Cell) {
	line := func(sign string, as terminal.Style, name, text string) {
		rows = append(rows, []terminal.Cell{{sign + " " + terminal.OneLine(name), as}, {text, terminal.Plain}})
	}
	change := func(name, from, to string) { line("~", terminal.Cyan, name, from+" → "+to) }
	if m := c.Memory; m != nil {
		line("+", terminal.Green, "content", summary(m.Content))
		line("+", terminal.Green, "memory_type", terminal.OneLine(m.Type))
		line("+", terminal.Green, "confidence", fmt.Sprintf("%.2f", m.Confidence))
		if v := validity(m); v != "always" {
			line("+", terminal.Green, "valid", v)
		}
		if metadata, err := canonjson.Parse(m.Metadata); err == nil && metadata.String() != "{}" {
			line("+", terminal.Green, "metadata", terminal.OneLine(metadata.String()))
		}
	}
	var before canonjson.Value
	for _, op := range c.Patch {
		name := strings.TrimPrefix(op.Path, "/")
		switch op.Op {
		case canonjson.OpTest:
			before = op.Value
		case canonjson.OpAdd:
			line("+", terminal.Green, name, value(s, op.Value))
		case canonjson.OpRemove:
			line("-", terminal.Red, name, value(s, before))
		case canonjson.OpReplace:
			change(name, value(s, before), value(s, op.Value))
		}
	}
	if m := c.MemoryType; m != nil {
		change("memory_type", terminal.OneLine(m.From), terminal.OneLine(m.To))
	}
	if m := c.Confidence; m != nil {
		change("confidence", fmt.Sprintf("%.2f", m.From), fmt.Sprintf("%.2f", m.To))
	}
	if m := c.ExpiresAt; m != nil {
		change("expires_at", timeOr(m.From, "never"), timeOr(m.To, "never"))
	}
	if m := c.ValidFrom; m != nil {
		change("valid_from", timeOr(m.From, "always"), timeOr(m.To, "always"))
	}
	if m := c.ValidTo; m != nil {
		change("valid_to", timeOr(m.From, "open"), timeOr(m.To, "open"))
	}
	if m := c.State; m != nil {
		change("state", m.From, m.To)
	}
	return rows
}

// value is a JSON value on one line; on a terminal, half of it is left for the other one.
func value(s *terminal.Screen, v canonjson.Value) string {
	text := terminal.OneLine(cmp.Or(v.String(), "null"))
	return s.Cut(text, s.Width/2+8)
}
