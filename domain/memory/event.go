package memory

import (
	"encoding/json"
	"time"

	"github.com/auren-memory/auren/domain"
)

// The wire names of the events, as they stand in the log. They never change.
const (
	TypeRemembered         = "memory_remembered"
	TypeRevised            = "memory_revised"
	TypeConfidenceAdjusted = "memory_confidence_adjusted"
	TypeEvidenceRecorded   = "memory_evidence_recorded"
	TypeExpirySet          = "memory_expiry_set"
	TypeForgotten          = "memory_forgotten"
	TypeRestored           = "memory_restored"
	TypeExpired            = "memory_expired"
	// TypeSkipped never stands in the stream of a memory: a projection has it in the place of an event that it passes over.
	TypeSkipped = domain.EventSkipped
)

// EventTypes returns all wire names, in the order of a memory's life, TypeSkipped last. The slice is the caller's.
func EventTypes() []string {
	return []string{
		TypeRemembered, TypeRevised, TypeConfidenceAdjusted, TypeEvidenceRecorded, TypeExpirySet, TypeForgotten, TypeRestored, TypeExpired,
		TypeSkipped,
	}
}

// Event is a fact about one memory: one of the structs of this file.
type Event interface {
	// EventType returns the wire name.
	EventType() string
}

// Remembered opens the stream.
type Remembered struct {
	AgentID    string          `json:"agent_id"`
	UserID     string          `json:"user_id"`
	Type       string          `json:"memory_type"`
	Content    json.RawMessage `json:"content"`
	Confidence float64         `json:"confidence"`
	Metadata   json.RawMessage `json:"metadata"`
	ExpiresAt  *time.Time      `json:"expires_at"`
}

// Revised carries the type, content and metadata as they are from now on, changed or not, so that each
// version can be read without the ones before it.
type Revised struct {
	Type     string          `json:"memory_type"`
	Content  json.RawMessage `json:"content"`
	Metadata json.RawMessage `json:"metadata"`
	// Changed names the fields that differ from the version before.
	Changed []string `json:"changed"`
}

// ConfidenceAdjusted records that somebody set the confidence.
type ConfidenceAdjusted struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// EvidenceRecorded records an observation that supports or contradicts the memory.
type EvidenceRecorded struct {
	Supports bool    `json:"supports"`
	Weight   float64 `json:"weight"`
	Note     string  `json:"note,omitempty"`
	From     float64 `json:"from"`
	To       float64 `json:"to"`
}

// ExpirySet records when the memory will expire; nil means never.
type ExpirySet struct {
	ExpiresAt *time.Time `json:"expires_at"`
}

// MarkedForgotten hides the memory.
type MarkedForgotten struct{}

// Restored brings a forgotten or expired memory back. An expires_at that had passed is dropped.
type Restored struct {
	ExpiresAt *time.Time `json:"expires_at"`
}

// MarkedExpired records that expires_at has passed.
type MarkedExpired struct {
	ExpiresAt time.Time `json:"expires_at"`
}

// Skipped stands for an event that a projection passes over: the version moves on and all else stays as it was. Of
// a memory that begins with it no more is known than whose it is, so it is forgotten.
type Skipped struct {
	AgentID string `json:"agent_id"`
	UserID  string `json:"user_id"`
}

// EventType returns TypeRemembered.
func (Remembered) EventType() string { return TypeRemembered }

// EventType returns TypeRevised.
func (Revised) EventType() string { return TypeRevised }

// EventType returns TypeConfidenceAdjusted.
func (ConfidenceAdjusted) EventType() string { return TypeConfidenceAdjusted }

// EventType returns TypeEvidenceRecorded.
func (EvidenceRecorded) EventType() string { return TypeEvidenceRecorded }

// EventType returns TypeExpirySet.
func (ExpirySet) EventType() string { return TypeExpirySet }

// EventType returns TypeForgotten.
func (MarkedForgotten) EventType() string { return TypeForgotten }

// EventType returns TypeRestored.
func (Restored) EventType() string { return TypeRestored }

// EventType returns TypeExpired.
func (MarkedExpired) EventType() string { return TypeExpired }

// EventType returns TypeSkipped.
func (Skipped) EventType() string { return TypeSkipped }
