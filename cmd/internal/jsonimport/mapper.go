package jsonimport

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

// importedFrom is the member of a memory's metadata that says where it came from.
const importedFrom = "imported_from"

// mapper turns records into memories. It is safe for concurrent use.
type mapper struct {
	owners owners
	zone   *time.Location
	// secret is the tenant's: it keys ids and digests.
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

// record maps one record. Its error, with which the notes are still returned, says why no memory is made: a
// *mergedError if another record represents it; any other error rejects the record.
func (m mapper) record(in *origin, e element) (mapped, error) {
	d := draft{mapper: m, in: in, element: e, fields: fields{}}
	err := d.read()
	if err == nil {
		err = d.fill()
	}
	if err == nil {
		err = d.finish()
	}
	return d.mapped, err
}

// read checks that there is a record and brings it into canonical form.
func (d *draft) read() error {
	switch {
	case d.kind == kindStray:
		return errors.New("follows the end of the file's root value")
	case d.open:
		return errors.New("the file ends, or nests too deep, before the record ends")
	case d.length > int64(len(d.raw)):
		return fmt.Errorf("must be at most %d bytes, got %d", MaxRecordBytes, d.length)
	}
	var err error
	if d.source, d.notes, err = canonical(d.raw); err != nil {
		return err
	}
	if d.kind == kindScore {
		return nil
	}
	if d.source[0] != '{' {
		return fmt.Errorf("must be an object, got %s", kindOf(d.source))
	}
	d.fields, err = fieldsOf(d.source)
	return err
}

func (d *draft) fill() error {
	switch d.kind {
	case kindEvolution:
		return d.evolution()
	case kindHypothesis:
		return d.hypothesis()
	case kindScore:
		return d.score()
	case kindKnowledge:
		return d.knowledge()
	default:
		return d.flat()
	}
}

// finish adds where the record came from and validates the memory with the domain.
func (d *draft) finish() error {
	r := &d.record
	from := map[string]any{"file": d.in.path}
	if d.section != "" {
		from["section"] = d.section
	}
	if len(d.left) > 0 {
		from["fields"] = d.left
	}
	var err error
	if r.Draft.Content, err = canonjson.Parse(d.content); err != nil {
		return domain.WithField("content", err)
	}
	if r.Draft.Metadata, err = canonjson.Parse(d.metadata.merged(map[string]any{importedFrom: from})); err != nil {
		return domain.WithField("metadata", err)
	}
	if strings.TrimSpace(r.Draft.UserID) == "" {
		return errors.New("user_id: required; give one with --user or --user-map")
	}
	event, err := memory.Remember(r.Draft)
	if err != nil {
		return err
	}
	if r.OccurredAt, err = memory.OccurredAt(r.OccurredAt); err != nil {
		return err
	}
	d.memory = event
	r.Draft.ExpiresAt = d.memory.ExpiresAt
	r.Digest = d.mapper.digest(d.kind, r.Draft.AgentID, r.Draft.UserID, d.source)
	return nil
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
