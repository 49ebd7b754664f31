package jsonimport

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain/memory"
)

// importedFrom is the member of a memory's metadata that says where it came from.
const importedFrom = "imported_from"

// mapper turns records into memories. It is safe for concurrent use.
type mapper struct {
	owners owners
	zone   *time.Location
	// secret is the tenant's: it keys digests.
	secret []byte
	// merge leaves out the untested ones among hypotheses with the same statement.
	merge bool
}

// origin is what a file contributes to all its records.
type origin struct {
	// path begins below the root, rooted with the root's own name.
	path, rooted string
	modified     time.Time
	// level holds the fields of the file's root object that apply to all records.
	level      fields
	statements statements
}

// mapped is a record as a memory.
type mapped struct {
	record commands.ImportRecord
	// memory is the event that the draft becomes, in canonical form.
	memory memory.Remembered
	// inherited says that the confidence is the file's, not the record's.
	inherited bool
	notes     []Note
}

// mergedError says that a record is left out because another one represents it.
type mergedError struct{ reason string }

func (e *mergedError) Error() string { return e.reason }

// draft is a memory under construction.
type draft struct {
	mapper mapper
	in     *origin
	element
	mapped
	// source is the record in canonical form; fields are the members that have not been mapped yet.
	source json.RawMessage
	fields fields
	// content becomes the memory's.
	content json.RawMessage
	// metadata is the record's own; left is what is kept beside it under imported_from.
	metadata fields
	left     fields
}

func (d *draft) note(code NoteCode, field, text string, args ...any) {
	d.notes = append(d.notes, Note{Code: code, Field: field, Text: fmt.Sprintf(text, args...)})
}

// owner sets the agent and user of a record that names neither itself.
func (d *draft) owner(agent string) {
	r := &d.record.Draft
	r.AgentID = agent
	if d.in.level.given(fieldUserID) {
		r.UserID = d.mapper.owners.renamed(textOf(d.in.level[fieldUserID]))
	} else {
		r.UserID = d.mapper.owners.userOf(d.in.path, agent)
	}
}

// occurred sets when the record was made: the first of the named fields that is a time, else the file's time. It returns
// false if none of the fields was given.
func (d *draft) occurred(names ...string) bool {
	given := false
	for _, name := range names {
		if !d.fields.given(name) {
			continue
		}
		given = true
		t, err := d.moment(name)
		if err != nil {
			d.note(NoteTimeUnread, name, "%v; the next time given, or the file's, was used", err)
			continue
		}
		d.record.OccurredAt = t.Time
		if !t.naive {
			d.fields.take(name)
		}
		return true
	}
	d.record.OccurredAt = d.in.modified
	return given
}

// moment reads a field as a time, with a note if a change of clocks makes it ambiguous.
func (d *draft) moment(name string) (moment, error) {
	t, err := readMoment(d.fields[name], d.mapper.zone)
	if err != nil {
		return t, err
	}
	if _, err := memory.OccurredAt(t.Time); err != nil {
		return t, err
	}
	switch t.note {
	case NoteTimeGap:
		d.note(t.note, name, "%s does not exist in %s, where clocks were set forward; %s was used", textOf(d.fields[name]), d.mapper.zone, t.Format(time.RFC3339Nano))
	case NoteTimeOverlap:
		d.note(t.note, name, "%s occurred twice in %s, where clocks were set back; the first, %s, was used", textOf(d.fields[name]), d.mapper.zone, t.Format(time.RFC3339Nano))
	}
	return t, nil
}

// statements are the hypotheses of a file by statement. Each start of the old program added its first hypotheses again,
// under new ids.
type statements map[string]*statement

// statement is shared by several hypotheses. One of them represents all: the one tested most often, then the one tested
// last, then the one with the most evidence, then the first.
type statement struct {
	ids   map[string]bool
	first int64
	best  int64
	index int
	rank  rank
}

// rank is how well a hypothesis was tested.
type rank struct {
	tests    int
	last     string
	evidence int
}
