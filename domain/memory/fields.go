package memory

import (
	"strings"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// This file lists the fields of a memory. A new one is added here and nowhere else in this package, unless it can be
// revised or has commands of its own.

// The defaults of a Draft.
const (
	DefaultType       = "observation"
	DefaultConfidence = 0.5
)

// The bounds of a memory's fields, in characters unless they say bytes.
const (
	MaxAgentID       = 100
	MaxUserID        = 255
	MaxType          = 50
	MaxContentBytes  = 1 << 20
	MaxMetadataBytes = 64 << 10
	MaxNote          = 2000
)

// Draft is a new memory. Its tags describe it to all transports. An ExpiresAt in the past is allowed and hides the memory
// at once. ValidFrom and ValidTo hide nothing: they say when it is so in the world, not what AUREN knows.
type Draft struct {
	AgentID    string          `json:"agent_id" minLength:"1" maxLength:"100" doc:"The agent that remembers."`
	UserID     string          `json:"user_id" minLength:"1" maxLength:"255" doc:"The user it is about."`
	Type       string          `json:"memory_type,omitempty" maxLength:"50" default:"observation" doc:"The kind of memory. White space around it is dropped."`
	Content    canonjson.Value `json:"content" doc:"Any JSON value, of at most 1 MiB."`
	Confidence *float64        `json:"confidence,omitempty" minimum:"0" maximum:"1" default:"0.5" doc:"How sure the agent is."`
	Metadata   canonjson.Value `json:"metadata,omitzero" nullable:"false" doc:"A JSON object of at most 64 KiB to filter by; default {}."`
	ExpiresAt  *time.Time      `json:"expires_at,omitempty" doc:"When it expires and is hidden; default never."`
	ValidFrom  *time.Time      `json:"valid_from,omitempty" doc:"From when on it is so in the world; default always."`
	ValidTo    *time.Time      `json:"valid_to,omitempty" doc:"From when on it is no longer so; later than valid_from. Default is that it stays so."`
}

// Fields are the fields of a memory.
type Fields struct {
	AgentID    string
	UserID     string
	Type       string
	Content    canonjson.Value
	Confidence float64         // 0..1
	Metadata   canonjson.Value // an object
	ExpiresAt  *time.Time      // nil means never
	ValidFrom  *time.Time      // nil means always
	ValidTo    *time.Time      // exclusive and after ValidFrom; nil means that it stays so
}

// typeOf drops the white space around the name of a type, which would make another type of it.
func typeOf(name string) string {
	if trimmed := strings.TrimSpace(name); trimmed != "" {
		return trimmed
	}
	return name
}

// Remember decides whether a draft can become a memory. The error names the first bad field.
func Remember(d Draft) (Remembered, error) {
	f := Fields{AgentID: d.AgentID, UserID: d.UserID, Type: typeOf(d.Type), Content: d.Content, Confidence: DefaultConfidence}
	if f.Type == "" {
		f.Type = DefaultType
	}
	if d.Confidence != nil {
		f.Confidence = *d.Confidence
	}
	if err := domain.CheckName("agent_id", f.AgentID, MaxAgentID); err != nil {
		return Remembered{}, err
	}
	if err := domain.CheckName("user_id", f.UserID, MaxUserID); err != nil {
		return Remembered{}, err
	}
	if err := domain.CheckName("memory_type", f.Type, MaxType); err != nil {
		return Remembered{}, err
	}
	if err := domain.CheckUnit("confidence", f.Confidence); err != nil {
		return Remembered{}, err
	}
	if err := checkContent(f.Content); err != nil {
		return Remembered{}, err
	}
	var err error
	if f.Metadata, err = checkMetadata(d.Metadata); err != nil {
		return Remembered{}, err
	}
	if f.ExpiresAt, err = checkOptionalTime("expires_at", d.ExpiresAt); err != nil {
		return Remembered{}, err
	}
	if f.ValidFrom, f.ValidTo, err = checkValidity(d.ValidFrom, d.ValidTo); err != nil {
		return Remembered{}, err
	}
	return Remembered{f}, nil
}

// JSON returns the draft as it was sent, for comparing repeated commands.
func (d Draft) JSON() canonjson.Value {
	return write([]member{
		{"agent_id", &d.AgentID}, {"confidence", &d.Confidence}, {"content", &d.Content}, {"expires_at", &d.ExpiresAt},
		{"memory_type", &d.Type}, {"metadata", &d.Metadata}, {"user_id", &d.UserID},
		{"valid_from", optional{&d.ValidFrom}}, {"valid_to", optional{&d.ValidTo}},
	})
}

func (e *Remembered) layout() layout {
	return layout{
		payload: []member{
			{"agent_id", &e.AgentID}, {"confidence", &e.Confidence}, {"expires_at", &e.ExpiresAt}, {"memory_type", &e.Type},
			{"user_id", &e.UserID}, {"valid_from", optional{&e.ValidFrom}}, {"valid_to", optional{&e.ValidTo}},
		},
		contents: []member{{"content", &e.Content}, {"metadata", &e.Metadata}},
	}
}

// OccurredAt returns the time of an event as it is stored, in UTC and to the microsecond, or an error
// that names occurred_at.
func OccurredAt(t time.Time) (time.Time, error) { return checkTime("occurred_at", t) }

// Remembered opens the stream.
type Remembered struct{ Fields }

func checkContent(content canonjson.Value) error {
	if content.IsZero() {
		return domain.Invalidf("content", "must be a JSON value")
	}
	return domain.WithField("content", content.CheckSize(MaxContentBytes))
}

// checkMetadata returns {} for no metadata.
func checkMetadata(metadata canonjson.Value) (canonjson.Value, error) {
	if metadata.IsZero() {
		return canonjson.EmptyObject(), nil
	}
	if !metadata.IsObject() {
		return canonjson.Value{}, domain.Invalidf("metadata", "must be a JSON object, e.g. {\"topic\": \"sleep\"}")
	}
	return metadata, domain.WithField("metadata", metadata.CheckSize(MaxMetadataBytes))
}

// checkTime returns the time as it will be stored: in UTC, to the microsecond.
func checkTime(field string, t time.Time) (time.Time, error) {
	t = t.UTC().Truncate(time.Microsecond)
	return t, domain.CheckTime(field, t)
}

func checkOptionalTime(field string, t *time.Time) (*time.Time, error) {
	if t == nil {
		return nil, nil
	}
	checked, err := checkTime(field, *t)
	if err != nil {
		return nil, err
	}
	return &checked, nil
}

// checkValidity returns the ends of an interval as they will be stored.
func checkValidity(from, to *time.Time) (_, _ *time.Time, err error) {
	if from, err = checkOptionalTime("valid_from", from); err != nil {
		return nil, nil, err
	}
	if to, err = checkOptionalTime("valid_to", to); err != nil {
		return nil, nil, err
	}
	if from != nil && to != nil && !from.Before(*to) {
		return nil, nil, domain.Invalidf("valid_to", "must be after valid_from, which is %s, got %s", from.Format(time.RFC3339Nano), to.Format(time.RFC3339Nano))
	}
	return from, to, nil
}
