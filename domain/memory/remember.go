package memory

import (
	"encoding/json"
	"time"
)

// Defaults of what Remember leaves out.
const (
	DefaultType       = "observation"
	DefaultConfidence = 0.5
)

// Draft is a memory as it is first told.
type Draft struct {
	AgentID    string
	UserID     string
	Type       string          // default DefaultType
	Content    json.RawMessage // any JSON of at most MaxContentBytes
	Confidence *float64        // 0..1; default DefaultConfidence
	Metadata   json.RawMessage // a JSON object of at most MaxMetadataBytes; default {}
	ExpiresAt  *time.Time      // default never; a time in the past is allowed and hides the memory at once
}

// Remember decides whether a draft can become a memory. The content and metadata of the event are canonical. The
// error names the first bad field.
func Remember(d Draft) (Remembered, error) {
	e := Remembered{AgentID: d.AgentID, UserID: d.UserID, Type: d.Type, Confidence: DefaultConfidence}
	if e.Type == "" {
		e.Type = DefaultType
	}
	if d.Confidence != nil {
		e.Confidence = *d.Confidence
	}
	if err := checkName("agent_id", e.AgentID, MaxAgentID); err != nil {
		return Remembered{}, err
	}
	if err := checkName("user_id", e.UserID, MaxUserID); err != nil {
		return Remembered{}, err
	}
	if err := checkName("memory_type", e.Type, MaxType); err != nil {
		return Remembered{}, err
	}
	if err := checkUnit("confidence", e.Confidence); err != nil {
		return Remembered{}, err
	}
	var err error
	if e.Content, err = checkContent(d.Content); err != nil {
		return Remembered{}, err
	}
	if e.Metadata, err = checkMetadata(d.Metadata); err != nil {
		return Remembered{}, err
	}
	if e.ExpiresAt, err = checkExpiry(d.ExpiresAt); err != nil {
		return Remembered{}, err
	}
	return e, nil
}

// OccurredAt returns the time of an event as it is stored, in UTC and to the microsecond, or an error
// that names occurred_at.
func OccurredAt(t time.Time) (time.Time, error) { return checkTime("occurred_at", t) }
