package jsonimport

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain/canonjson"
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
	source canonjson.Value
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

// confidence reads the confidence of a record, a number or a string that holds one, and clamps it to 0..1. Anything
// else yields DefaultConfidence. exact is false if the value differs from what the record says.
func (d *draft) confidence(name string, raw json.RawMessage) (value float64, exact bool) {
	if len(raw) == 0 || string(raw) == "null" {
		return memory.DefaultConfidence, true
	}
	value, err := strconv.ParseFloat(strings.TrimSpace(textOf(raw)), 64)
	switch {
	case err != nil || math.IsNaN(value) || math.IsInf(value, 0):
		d.note(NoteConfidenceUnread, name, "%s is not a number; %v was used", excerpt(raw), memory.DefaultConfidence)
		return memory.DefaultConfidence, false
	case value < 0 || value > 1:
		clamped := min(1, max(0, value))
		d.note(NoteConfidenceClamped, name, "%s is outside 0..1; %v was used", excerpt(raw), clamped)
		return clamped, false
	}
	return value, true
}

// takeConfidence reads the confidence of the memory from a field, which stays among the fields if it was not used as it is.
func (d *draft) takeConfidence(name string) {
	confidence, exact := d.confidence(name, d.fields[name])
	d.record.Draft.Confidence = &confidence
	if exact {
		d.fields.take(name)
	}
}

// identify sets what finds the memory again, from the field id of its record: that id if it is a UUID; for another id, a key
// of agent, user, id and the first of the named fields that there is, a time; without an id, a key of agent, user and the whole
// record.
func (d *draft) identify(times ...string) {
	r := &d.record
	agent, user := canonjson.Text(r.Draft.AgentID), canonjson.Text(r.Draft.UserID)
	if !d.fields.given(fieldID) {
		r.Key = d.mapper.key(agent, user, d.source)
		return
	}
	if id, err := uuid.Parse(strings.TrimSpace(textOf(d.fields[fieldID]))); err == nil && id != uuid.Nil {
		d.fields.take(fieldID)
		r.ID = id
		return
	}
	var at canonjson.Value
	for _, name := range times {
		if at.IsZero() {
			at = d.source.Member(name)
		}
	}
	r.Key = d.mapper.key(agent, user, canonjson.Text(fieldID), d.source.Member(fieldID), at)
	d.note(NoteIDDerived, fieldID, "%s is not a UUID; the memory got an id of its own", excerpt(d.fields[fieldID]))
}

// key is the same for the same parts within a tenant.
func (m mapper) key(parts ...canonjson.Value) [sha256.Size]byte {
	return m.keyed("auren import id", parts)
}

// digest shows whether a record has changed since its last import. It covers the record, its agent and its user, but
// not what its file contributes, so a file that grew changes none of its old records. It is keyed by the tenant's secret.
func (m mapper) digest(k kind, agent, user string, source canonjson.Value) [sha256.Size]byte {
	return m.keyed("auren import digest", []canonjson.Value{canonjson.Text(string(k)), canonjson.Text(agent), canonjson.Text(user), source})
}

func (m mapper) keyed(purpose string, parts []canonjson.Value) (mac [sha256.Size]byte) {
	h := hmac.New(sha256.New, m.secret)
	h.Write(canonjson.List(append([]canonjson.Value{canonjson.Text(purpose)}, parts...)...).Raw())
	h.Sum(mac[:0])
	return mac
}
