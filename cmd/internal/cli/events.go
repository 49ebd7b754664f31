package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// eventPrinter prints events one by one, so its columns have fixed widths.
type eventPrinter struct {
	to   *terminal.Screen
	json bool
	// brief leaves out the stream, where all events are of one.
	brief bool
}

func (p *eventPrinter) print(e *eventstore.Event) error {
	if p.json {
		return p.to.JSONLine(e)
	}
	stream := []terminal.Cell{{e.StreamID.String(), terminal.Dim}}
	if p.brief {
		stream = nil
	}
	position, when := terminal.Cell{fmt.Sprintf("%8d", e.SequenceID), terminal.Bold}, terminal.Cell{terminal.Time(e.CreatedAt), terminal.Dim}
	version, kind := terminal.Cell{fmt.Sprintf("v%-3d", e.Version), terminal.Plain}, terminal.Cell{fmt.Sprintf("%-26s", e.Type), eventStyle(e.Type)}
	one := slices.Concat([]terminal.Cell{position, when}, stream, []terminal.Cell{version, kind})
	if !p.to.IsTerminal() || p.to.Width-widthOf(one) >= legible {
		return p.line(one, what(e))
	}
	// What another command takes is never cut, so it gets a second line, and what happened with it.
	if err := p.line([]terminal.Cell{position, when, version, kind}, ""); err != nil {
		return err
	}
	margin := terminal.Cell{"        ", terminal.Plain}
	return p.line(append([]terminal.Cell{margin}, stream...), what(e))
}

// legible is how many columns are left for what happened, at the least.
const legible = 40

// line prints cells, and what is left room for of a text.
func (p *eventPrinter) line(cells []terminal.Cell, text string) error {
	line := ""
	for _, c := range cells {
		line += p.to.Paint(c.As, c.Text) + "  "
	}
	_, err := fmt.Fprintln(p.to, strings.TrimRight(line+p.to.Cut(text, widthOf(cells)), " "))
	return err
}

// widthOf is how many columns cells of plain letters take on a line, with the gaps after them.
func widthOf(cells []terminal.Cell) (columns int) {
	for _, c := range cells {
		columns += len(c.Text) + 2
	}
	return columns
}

// what says in a few words who did what.
func what(e *eventstore.Event) string {
	said := describe(e)
	meta, err := e.Meta()
	if err != nil {
		return said
	}
	if said = strings.TrimRight(terminal.OneLine(meta.Actor)+"  "+said, " "); meta.Reason != "" {
		said += "  (" + terminal.OneLine(meta.Reason) + ")"
	}
	return said
}

func describe(e *eventstore.Event) string {
	fact, err := memory.Decode(e.Type, e.SchemaVersion, e.Payload)
	if err != nil {
		return terminal.OneLine(string(e.Payload))
	}
	switch f := fact.(type) {
	case memory.Remembered:
		return summary(f.Content)
	case memory.Revised:
		return strings.Join(f.Changed, ", ") + " → " + summary(f.Content)
	case memory.ConfidenceAdjusted:
		return fmt.Sprintf("%.2f → %.2f", f.From, f.To)
	case memory.EvidenceRecorded:
		side := "against"
		if f.Supports {
			side = "for"
		}
		return strings.TrimSpace(fmt.Sprintf("%s, %.2f → %.2f  %s", side, f.From, f.To, terminal.OneLine(f.Note)))
	case memory.ExpirySet:
		if f.ExpiresAt == nil {
			return "never"
		}
		return terminal.Time(*f.ExpiresAt)
	default:
		return ""
	}
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
