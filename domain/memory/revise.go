package memory

import (
	"encoding/json"
	"time"

	"github.com/auren-memory/auren/domain/canonjson"
)

// Revision says what to change; what is nil stays.
type Revision struct {
	Type     *string
	Content  json.RawMessage
	Metadata json.RawMessage // replaces the whole object
}

// Revise changes the type, content or metadata of an active memory. A revision that changes nothing is no event.
func (m *Memory) Revise(r Revision, now time.Time) (Event, error) {
	if err := m.active(now); err != nil {
		return nil, err
	}
	e := Revised{Type: m.now.Type, Content: m.now.Content, Metadata: m.now.Metadata}
	var err error
	if r.Type != nil {
		if err := checkName("memory_type", *r.Type, MaxType); err != nil {
			return nil, err
		}
		e.Type = *r.Type
	}
	if r.Content != nil {
		if e.Content, err = checkContent(r.Content); err != nil {
			return nil, err
		}
	}
	if r.Metadata != nil {
		if e.Metadata, err = checkMetadata(r.Metadata); err != nil {
			return nil, err
		}
	}
	if e.Type != m.now.Type {
		e.Changed = append(e.Changed, "memory_type")
	}
	if !equalJSON(e.Content, m.now.Content) {
		e.Changed = append(e.Changed, "content")
	}
	if !equalJSON(e.Metadata, m.now.Metadata) {
		e.Changed = append(e.Changed, "metadata")
	}
	if len(e.Changed) == 0 {
		return nil, nil
	}
	return e, nil
}

// equalJSON compares values, since content of before schema version 9 went through jsonb and is not in canonical form.
func equalJSON(a, b json.RawMessage) bool {
	x, errX := canonjson.Parse(a)
	y, errY := canonjson.Parse(b)
	return errX == nil && errY == nil && x.Equal(y)
}
