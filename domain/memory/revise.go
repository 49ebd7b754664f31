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
}

// Revised holds the type, content and metadata from now on, changed or not, so that each version can be read without the
// ones before it.
type Revised struct {
	Type     string
	Content  canonjson.Value
	Metadata canonjson.Value
	// Changed names the fields that differ from the version before.
	Changed []string
}

func (e *Revised) layout() layout {
	return layout{
		payload:  []member{{"changed", &e.Changed}, {"memory_type", &e.Type}},
		contents: []member{{"content", &e.Content}, {"metadata", &e.Metadata}},
	}
}

func (e Revised) applyTo(f *Fields) { f.Type, f.Content, f.Metadata = e.Type, e.Content, e.Metadata }

// IsZero tells whether the revision changes nothing.
func (r Revision) IsZero() bool { return r.JSON().Equal(Revision{}.JSON()) }

// JSON returns the revision as it was sent, for comparing repeated commands.
func (r Revision) JSON() canonjson.Value {
	return write([]member{{"content", &r.Content}, {"memory_type", &r.Type}, {"metadata", &r.Metadata}})
}

// Revise changes the type, content or metadata of an active memory. It returns no event if nothing changes.
func (m *Memory) Revise(r Revision, now time.Time) (Event, error) {
	if err := m.active(now); err != nil {
		return nil, err
	}
	e := Revised{Type: m.now.Type, Content: m.now.Content, Metadata: m.now.Metadata}
	if r.Type != nil {
		if err := domain.CheckName("memory_type", *r.Type, MaxType); err != nil {
			return nil, err
		}
		e.Type = *r.Type
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
	if e.Type != m.now.Type {
		e.Changed = append(e.Changed, "memory_type")
	}
	if !e.Content.Equal(m.now.Content) {
		e.Changed = append(e.Changed, "content")
	}
	if !e.Metadata.Equal(m.now.Metadata) {
		e.Changed = append(e.Changed, "metadata")
	}
	if len(e.Changed) == 0 {
		return nil, nil
	}
	return e, nil
}
