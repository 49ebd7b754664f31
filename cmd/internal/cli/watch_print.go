package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"

	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/eventstore"
)

// changePrinter prints changes one by one as they come, so its columns have fixed widths.
type changePrinter struct {
	to   *terminal.Screen
	json bool
	day  string
}

// whoWidth is how many columns agent and user get.
const whoWidth = 26

// print prints an event; raw is its JSON.
func (p *changePrinter) print(e *eventstore.Event, raw []byte) error {
	if p.json {
		_, err := p.to.Write(append(bytes.TrimSpace(raw), '\n'))
		return err
	}
	when := e.CreatedAt.Local()
	if day := when.Format("Monday, 2 January 2006"); day != p.day {
		p.day = day
		if _, err := fmt.Fprintln(p.to, p.to.Paint(terminal.Dim, day)); err != nil {
			return err
		}
	}
	kind := fmt.Sprintf("%-19s", strings.TrimPrefix(e.Type, "memory_"))
	position := terminal.Cell{fmt.Sprintf("%8d", e.SequenceID), terminal.Bold}
	cells := []terminal.Cell{position, {when.Format(time.TimeOnly), terminal.Dim}, {kind, eventStyle(e.Type)}, {p.who(e), terminal.Plain}}
	id := terminal.Cell{e.StreamID.String(), terminal.Dim}
	one := slices.Concat(cells, []terminal.Cell{id})
	if !p.to.IsTerminal() || p.to.Width-columns(one) >= legible {
		return p.line(one, p.what(e))
	}
	// What another command takes is never cut, so it gets a second line.
	if err := p.line(cells, ""); err != nil {
		return err
	}
	return p.line([]terminal.Cell{{"        ", terminal.Plain}, id}, p.what(e))
}

// who is the agent and the user, cut on a terminal only.
func (p *changePrinter) who(e *eventstore.Event) string {
	who := cmp.Or(terminal.OneLine(e.AgentID), "-") + "/" + cmp.Or(terminal.OneLine(e.UserID), "-")
	if p.to.IsTerminal() {
		who = runewidth.Truncate(who, whoWidth, "…")
	}
	return runewidth.FillRight(who, whoWidth)
}

func (p *changePrinter) what(e *eventstore.Event) string {
	if string(e.Payload) == "null" {
		return "(too large for a message; see `auren show " + e.StreamID.String() + "`)"
	}
	return describe(e)
}

// line prints cells, and what is left room for of a text.
func (p *changePrinter) line(cells []terminal.Cell, text string) error {
	line := ""
	for _, c := range cells {
		line += p.to.Paint(c.As, c.Text) + "  "
	}
	_, err := fmt.Fprintln(p.to, strings.TrimRight(line+p.to.Cut(text, columns(cells)), " "))
	return err
}

// columns is how many columns cells take on a line, with the gaps after them.
func columns(cells []terminal.Cell) (n int) {
	for _, c := range cells {
		n += runewidth.StringWidth(c.Text) + 2
	}
	return n
}
