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
	s := p.to
	when, stream, kind, widest := moment(e.CreatedAt), e.StreamID.String(), e.Type, 26
	if s.isNarrow() {
		when, stream, kind, widest = when[11:], stream[24:], strings.TrimPrefix(kind, "memory_"), 19
	}
	columns := []cell{{fmt.Sprintf("%8d", e.SequenceID), bold}, {when, dim}, {stream, dim}, {fmt.Sprintf("v%-3d", e.Version), plain},
		{fmt.Sprintf("%-*s", widest, kind), eventStyle(e.Type)}}
	if p.brief {
		columns = slices.Delete(columns, 2, 3)
	}
	line, taken := "", 0
	for _, c := range columns {
		line += s.paint(c.as, c.text) + "  "
		taken += len(c.text) + 2
	}
	_, err := fmt.Fprintln(s, strings.TrimRight(line+s.cut(what(e), taken), " "))
	return err
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
