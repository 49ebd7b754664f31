package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// eventPrinter prints events one by one, so its columns have fixed widths.
type eventPrinter struct {
	to   *screen
	json bool
	// brief leaves out the stream, where all events are of one.
	brief bool
}

func (p *eventPrinter) print(e *eventstore.Event) error {
	if p.json {
		return p.to.jsonLine(e)
	}
	stream := []cell{{e.StreamID.String(), dim}}
	if p.brief {
		stream = nil
	}
	position, when := cell{fmt.Sprintf("%8d", e.SequenceID), bold}, cell{moment(e.CreatedAt), dim}
	version, kind := cell{fmt.Sprintf("v%-3d", e.Version), plain}, cell{fmt.Sprintf("%-26s", e.Type), eventStyle(e.Type)}
	one := slices.Concat([]cell{position, when}, stream, []cell{version, kind})
	if !p.to.isTerminal() || p.to.width-widthOf(one) >= legible {
		return p.line(one, what(e))
	}
	// What another command takes is never cut, so it gets a second line, and what happened with it.
	if err := p.line([]cell{position, when, version, kind}, ""); err != nil {
		return err
	}
	margin := cell{"        ", plain}
	return p.line(append([]cell{margin}, stream...), what(e))
}

// legible is how many columns are left for what happened, at the least.
const legible = 40

// line prints cells, and what is left room for of a text.
func (p *eventPrinter) line(cells []cell, text string) error {
	line := ""
	for _, c := range cells {
		line += p.to.paint(c.as, c.text) + "  "
	}
	_, err := fmt.Fprintln(p.to, strings.TrimRight(line+p.to.cut(text, widthOf(cells)), " "))
	return err
}

// widthOf is how many columns cells of plain letters take on a line, with the gaps after them.
func widthOf(cells []cell) (columns int) {
	for _, c := range cells {
		columns += len(c.text) + 2
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
	if said = strings.TrimRight(oneLine(meta.Actor)+"  "+said, " "); meta.Reason != "" {
		said += "  (" + oneLine(meta.Reason) + ")"
	}
	return said
}

func describe(e *eventstore.Event) string {
	fact, err := memory.Decode(e.Type, e.SchemaVersion, e.Payload)
	if err != nil {
		return oneLine(string(e.Payload))
	}
	switch f := fact.(type) {
	case memory.Remembered:
		return gist(f.Content)
	case memory.Revised:
		return strings.Join(f.Changed, ", ") + " → " + gist(f.Content)
	case memory.ConfidenceAdjusted:
		return fmt.Sprintf("%.2f → %.2f", f.From, f.To)
	case memory.EvidenceRecorded:
		side := "against"
		if f.Supports {
			side = "for"
		}
		return strings.TrimSpace(fmt.Sprintf("%s, %.2f → %.2f  %s", side, f.From, f.To, oneLine(f.Note)))
	case memory.ExpirySet:
		if f.ExpiresAt == nil {
			return "never"
		}
		return moment(*f.ExpiresAt)
	default:
		return ""
	}
}

func eventStyle(eventType string) style {
	switch eventType {
	case memory.TypeRemembered, memory.TypeRestored:
		return green
	case memory.TypeForgotten, memory.TypeExpired:
		return red
	default:
		return cyan
	}
}
