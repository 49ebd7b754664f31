package memory

import (
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// This file lists the fields that can be revised. A new one is added here and in fields.go.

// Revision is a change; nil and zero fields keep their values. Its tags describe it to all transports.
type Revision struct {
	Type     *string         `json:"memory_type,omitempty" minLength:"1" maxLength:"50" doc:"The new type; default is to keep it."`
	Content  canonjson.Value `json:"content,omitzero" doc:"The new content, any JSON value; default is to keep it."`
	Metadata canonjson.Value `json:"metadata,omitzero" nullable:"false" doc:"The new metadata, as a whole; default is to keep it."`
	// The ends of its validity; null opens one.
	ValidFrom domain.NullableTime `json:"valid_from,omitzero" doc:"From when on it is so in the world; null for always. Default is to keep it."`
	ValidTo   domain.NullableTime `json:"valid_to,omitzero" doc:"From when on it is no longer so; null if it stays so. Default is to keep it."`
}

// Revised holds the type, content, metadata and validity from now on, changed or not, so that each version can be read
// without the ones before it.
type Revised struct {
	Type      string
	Content   canonjson.Value
	Metadata  canonjson.Value
	ValidFrom *time.Time
	ValidTo   *time.Time
	// Changed names the fields that differ from the version before.
	Changed []string
}

func (e *Revised) layout() layout {
	return layout{
		payload: []member{
			{"changed", &e.Changed}, {"memory_type", &e.Type},
			{"valid_from", optional{&e.ValidFrom}}, {"valid_to", optional{&e.ValidTo}},
		},
		contents: []member{{"content", &e.Content}, {"metadata", &e.Metadata}},
	}
}

func (e Revised) applyTo(f *Fields) {
	f.Type, f.Content, f.Metadata, f.ValidFrom, f.ValidTo = e.Type, e.Content, e.Metadata, e.ValidFrom, e.ValidTo
}

// IsZero tells whether the revision changes nothing.
func (r Revision) IsZero() bool { return r.JSON().Equal(Revision{}.JSON()) }

// JSON returns the revision as it was sent, for comparing repeated commands.
func (r Revision) JSON() canonjson.Value {
	return write([]member{{"content", &r.Content}, {"memory_type", &r.Type}, {"metadata", &r.Metadata}, {"valid_from", &r.ValidFrom}, {"valid_to", &r.ValidTo}})
}

// Revise changes the type, content, metadata or validity of an active memory. It returns no event if nothing changes.
func (m *Memory) Revise(r Revision, now time.Time) (Event, error) {
	if err := m.active(now); err != nil {
		return nil, err
	}
	e := Revised{Type: m.now.Type, Content: m.now.Content, Metadata: m.now.Metadata, ValidFrom: m.now.ValidFrom, ValidTo: m.now.ValidTo}
	if r.Type != nil {
		if err := domain.CheckName("memory_type", *r.Type, MaxType); err != nil {
			return nil, err
		}
		e.Type = typeOf(*r.Type)
	}
	if !r.Content.IsZero() {
		if err := checkContent(r.Content); err != nil {
			return nil, err
		}
		e.Content = r.Content
	}
	if !r.Metadata.IsZero() {
		var err error
		if e.Metadata, err = checkMetadata(r.Metadata); err != nil {
			return nil, err
		}
	}
	if r.ValidFrom.Given {
		e.ValidFrom = r.ValidFrom.Time
	}
	if r.ValidTo.Given {
		e.ValidTo = r.ValidTo.Time
	}
	var err error
	if e.ValidFrom, e.ValidTo, err = checkValidity(e.ValidFrom, e.ValidTo); err != nil {
		return nil, err
	}
	if e.Type != m.now.Type {
		e.Changed = append(e.Changed, "memory_type")
	}
	if !e.Content.Equal(m.now.Content) {
		e.Changed = append(e.Changed, "content")
	}
	if !e.Metadata.Equal(m.now.Metadata) {
		e.Changed = append(e.Changed, "metadata")
	}
	if !sameTime(e.ValidFrom, m.now.ValidFrom) {
		e.Changed = append(e.Changed, "valid_from")
	}
	if !sameTime(e.ValidTo, m.now.ValidTo) {
		e.Changed = append(e.Changed, "valid_to")
	}
	if len(e.Changed) == 0 {
		return nil, nil
	}
	return e, nil
}
