package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// eventPrinter prints events one by one, so its columns have fixed widths.
type eventPrinter struct {
	to     *terminal.Screen
	json   bool
	layout eventLayout
	day    string // the last heading
}

// eventLayout chooses the columns.
type eventLayout int

const (
	logLayout    eventLayout = iota // events of any memory
	memoryLayout                    // events of one memory, so without its id
	changeLayout                    // changes by agent and user, with a heading for each day
)

// print prints events, each as a line of JSON or in columns.
func (p *eventPrinter) print(events ...eventstore.Event) error {
	for i := range events {
		if err := p.printOne(&events[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *eventPrinter) printOne(e *eventstore.Event) error {
	if p.json {
		return p.to.JSONLine(e)
	}
	if day := e.CreatedAt.Local().Format("Monday, 2 January 2006"); p.layout == changeLayout && day != p.day {
		p.day = day
		if _, err := fmt.Fprintln(p.to, p.to.Paint(terminal.Dim, day)); err != nil {
			return err
		}
	}
	before, id, after := p.columns(e)
	return p.wrapped(before, id, after, p.text(e))
}

// wrapped prints cells and a text on one line or, where a terminal has no room for them, on two: an id that another command
// takes is never cut.
func (p *eventPrinter) wrapped(before, id, after []terminal.Cell, text string) error {
	wide := slices.Concat(before, id, after)
	if !p.to.IsTerminal() || p.to.Width-widthOf(wide) >= legible {
		return p.line(wide, text)
	}
	if err := p.line(slices.Concat(before, after), ""); err != nil {
		return err
	}
	return p.line(append([]terminal.Cell{{"        ", terminal.Plain}}, id...), text)
}

// columns are what stands before, in and after the column of the id.
func (p *eventPrinter) columns(e *eventstore.Event) (before, id, after []terminal.Cell) {
	position := terminal.Cell{fmt.Sprintf("%8d", e.SequenceID), terminal.Bold}
	id = []terminal.Cell{{e.StreamID.String(), terminal.Dim}}
	if p.layout == changeLayout {
		kind := fmt.Sprintf("%-19s", strings.TrimPrefix(e.Type, "memory_"))
		return []terminal.Cell{
			position, {e.CreatedAt.Local().Format(time.TimeOnly), terminal.Dim}, {kind, eventStyle(e.Type)}, {p.owner(e), terminal.Plain},
		}, id, nil
	}
	if p.layout == memoryLayout {
		id = nil
	}
	return []terminal.Cell{position, {terminal.Time(e.CreatedAt), terminal.Dim}}, id,
		[]terminal.Cell{{fmt.Sprintf("v%-3d", e.Version), terminal.Plain}, {fmt.Sprintf("%-26s", e.Type), eventStyle(e.Type)}}
}

// owner is the agent and the user, cut on a terminal only.
func (p *eventPrinter) owner(e *eventstore.Event) string {
	const width = 26
	owner := cmp.Or(terminal.OneLine(e.AgentID), "-") + "/" + cmp.Or(terminal.OneLine(e.UserID), "-")
	if p.to.IsTerminal() {
		owner = runewidth.Truncate(owner, width, "…")
	}
	return runewidth.FillRight(owner, width)
}

// legible is how many columns are left for the text at the least.
const legible = 40

// line prints cells, and as much of a text as there is room for.
func (p *eventPrinter) line(cells []terminal.Cell, text string) error {
	line := ""
	for _, c := range cells {
		line += p.to.Paint(c.As, c.Text) + "  "
	}
	_, err := fmt.Fprintln(p.to, strings.TrimRight(line+p.to.Cut(text, widthOf(cells)), " "))
	return err
}

// widthOf is how many columns cells take on a line, with the gaps after them.
func widthOf(cells []terminal.Cell) (columns int) {
	for _, c := range cells {
		columns += runewidth.StringWidth(c.Text) + 2
	}
	return columns
}

// text says in a few words what happened and, in the log, who did it and why.
func (p *eventPrinter) text(e *eventstore.Event) string {
	switch {
	case p.layout != changeLayout:
		return actorAndReason(e)
	case string(e.Payload) == "null":
		return "(too large for a message; see `auren show " + e.StreamID.String() + "`)"
	default:
		return describe(e)
	}
}

// actorAndReason puts around what happened who did it and why.
func actorAndReason(e *eventstore.Event) string {
	said := describe(e)
	meta, err := e.Meta()
	if err != nil {
		return said
	}
	said = strings.TrimRight(terminal.OneLine(meta.Actor)+"  "+said, " ")
	if reason := e.Reason(); reason != "" {
		said += "  (" + terminal.OneLine(reason) + ")"
	}
	return said
}

func describe(e *eventstore.Event) string {
	fact, err := memory.Decode(e.Type, e.SchemaVersion, e.Payload, e.Contents)
	if err != nil {
		return terminal.OneLine(string(e.Payload))
	}
	switch f := fact.(type) {
	case memory.Remembered:
		return summary(f.Content.Raw())
	case memory.Revised:
		return revised(&f)
	case memory.ConfidenceAdjusted:
		return fmt.Sprintf("%.2f → %.2f", f.From, f.To)
	case memory.EvidenceRecorded:
		side := "against"
		if f.Supports {
			side = "for"
		}
		return strings.TrimSpace(fmt.Sprintf("%s, %.2f → %.2f  %s", side, f.From, f.To, terminal.OneLine(f.Note)))
	case memory.ExpirySet:
		return timeOr(f.ExpiresAt, "never")
	default:
		return ""
	}
}

// revised says what each field that changed is now; the content, which may be long, comes last.
func revised(r *memory.Revised) string {
	now := map[string]string{"memory_type": r.Type, "metadata": string(r.Metadata.Raw()), "content": summary(r.Content.Raw()),
		"valid_from": timeOr(r.ValidFrom, "always"), "valid_to": timeOr(r.ValidTo, "open")}
	var said []string
	for _, field := range []string{"memory_type", "metadata", "valid_from", "valid_to", "content"} {
		if slices.Contains(r.Changed, field) {
			said = append(said, strings.TrimPrefix(field, "memory_")+" → "+terminal.OneLine(now[field]))
		}
	}
	return strings.Join(said, ", ")
}

func eventStyle(eventType string) terminal.Style {
	switch eventType {
	case memory.TypeRemembered, memory.TypeRestored:
		return terminal.Green
	case memory.TypeForgotten, memory.TypeExpired:
		return terminal.Red
	default:
		return terminal.Cyan
	}
}
