package memory

import "time"

// The wire names of the events, as stored in the log. They never change.
const (
	TypeRemembered         = "memory_remembered"
	TypeRevised            = "memory_revised"
	TypeConfidenceAdjusted = "memory_confidence_adjusted"
	TypeEvidenceRecorded   = "memory_evidence_recorded"
	TypeExpirySet          = "memory_expiry_set"
	TypeForgotten          = "memory_forgotten"
	TypeRestored           = "memory_restored"
	TypeExpired            = "memory_expired"
)

// EventTypes returns all wire names, in the order of a memory's life. The caller owns the slice.
func EventTypes() []string {
	return []string{
		TypeRemembered, TypeRevised, TypeConfidenceAdjusted, TypeEvidenceRecorded, TypeExpirySet, TypeForgotten, TypeRestored, TypeExpired,
	}
}

// Event is a fact about one memory: one of the structs of this package.
type Event interface {
	wireName() string
}

// ConfidenceAdjusted records that the confidence was set.
type ConfidenceAdjusted struct {
	From, To float64
}

// EvidenceRecorded records an observation that supports or contradicts the memory.
type EvidenceRecorded struct {
	Supports bool
	Weight   float64
	Note     string
	From, To float64
}

// ExpirySet records when the memory will expire; nil means never.
type ExpirySet struct {
	ExpiresAt *time.Time
}

// Forgotten hides the memory.
type Forgotten struct{}

// Restored brings a forgotten or expired memory back. An expires_at that had passed is dropped.
type Restored struct {
	ExpiresAt *time.Time
}

// Expired records that expires_at has passed.
type Expired struct {
	ExpiresAt time.Time
}

func (Remembered) wireName() string         { return TypeRemembered }
func (Revised) wireName() string            { return TypeRevised }
func (ConfidenceAdjusted) wireName() string { return TypeConfidenceAdjusted }
func (EvidenceRecorded) wireName() string   { return TypeEvidenceRecorded }
func (ExpirySet) wireName() string          { return TypeExpirySet }
func (Forgotten) wireName() string          { return TypeForgotten }
func (Restored) wireName() string           { return TypeRestored }
func (Expired) wireName() string            { return TypeExpired }

func (e *ConfidenceAdjusted) layout() layout {
	return layout{payload: []member{{"from", &e.From}, {"to", &e.To}}}
}

func (e *EvidenceRecorded) layout() layout {
	return layout{
		payload:  []member{{"from", &e.From}, {"supports", &e.Supports}, {"to", &e.To}, {"weight", &e.Weight}},
		contents: []member{{"note", &e.Note}},
	}
}

func (e *ExpirySet) layout() layout { return layout{payload: []member{{"expires_at", &e.ExpiresAt}}} }

func (*Forgotten) layout() layout { return layout{} }

func (e *Restored) layout() layout { return layout{payload: []member{{"expires_at", &e.ExpiresAt}}} }

func (e *Expired) layout() layout { return layout{payload: []member{{"expires_at", &e.ExpiresAt}}} }
