// Package memory is the aggregate: what one memory is, which commands it accepts in which state, and the
// events that record what was decided. It is pure: no clock, no I/O, no ids of its own making.
//
// A decision (Remember, Revise, Forget …) checks its input and the memory's state and returns the event to
// append, or a nil event where there is nothing to record. Apply folds one event into the memory. The same
// Apply serves the commands, the projections and every replay, so they cannot disagree.
package memory

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
)

// State is where a memory stands in its life.
type State string

// The states of a memory.
const (
	// Active memories are listed and recalled.
	Active State = "active"
	// Forgotten memories are hidden and kept; Restore brings them back.
	Forgotten State = "forgotten"
	// Expired memories are past their expires_at; Restore brings them back.
	Expired State = "expired"
)

// Snapshot is all there is to know about a memory after the events applied so far.
type Snapshot struct {
	ID         uuid.UUID
	AgentID    string
	UserID     string
	Type       string
	Content    json.RawMessage // any JSON
	Confidence float64         // 0..1
	Metadata   json.RawMessage // a JSON object
	State      State
	ExpiresAt  *time.Time // nil: never
	CreatedAt  time.Time  // when the first event occurred
	UpdatedAt  time.Time  // when the last event occurred
	Version    int        // number of events applied; 0: does not exist
}

// Memory is one memory, folded from its events. The zero value is a memory that does not exist yet.
type Memory struct {
	now Snapshot
}

// FromSnapshot continues from what Snapshot returned.
func FromSnapshot(s Snapshot) *Memory { return &Memory{now: s} }

// Snapshot returns the memory as it stands.
func (m *Memory) Snapshot() Snapshot { return m.now }

// Version is the number of events applied; 0 means that the memory does not exist.
func (m *Memory) Version() int { return m.now.Version }

// Apply folds one event, which occurred at the given time, into the memory. It only assigns: an event is a
// fact and cannot be refused. The events of one memory must be applied in the order of their versions.
func (m *Memory) Apply(id uuid.UUID, event Event, occurredAt time.Time) {
	s := &m.now
	s.ID = id
	s.Version++
	s.UpdatedAt = occurredAt
	switch e := event.(type) {
	case Remembered:
		s.AgentID, s.UserID, s.Type = e.AgentID, e.UserID, e.Type
		s.Content, s.Confidence, s.Metadata = e.Content, e.Confidence, e.Metadata
		s.ExpiresAt, s.State, s.CreatedAt = e.ExpiresAt, Active, occurredAt
	case Revised:
		s.Type, s.Content, s.Metadata = e.Type, e.Content, e.Metadata
	case ConfidenceAdjusted:
		s.Confidence = e.To
	case EvidenceRecorded:
		s.Confidence = e.To
	case ExpirySet:
		s.ExpiresAt = e.ExpiresAt
	case MarkedForgotten:
		s.State = Forgotten
	case Restored:
		s.State, s.ExpiresAt = Active, e.ExpiresAt
	case MarkedExpired:
		s.State = Expired
	case Skipped:
		if s.State == "" {
			s.AgentID, s.UserID = e.AgentID, e.UserID
			s.Type, s.Content, s.Metadata = DefaultType, json.RawMessage("null"), json.RawMessage("{}")
			s.State, s.CreatedAt = Forgotten, occurredAt
		}
	default:
		panic(fmt.Sprintf("memory: apply of unknown event %T", event))
	}
}

// StateAt tells the state at a moment: an active memory is expired from the instant of its expires_at on,
// whether or not an event says so yet.
func (s Snapshot) StateAt(now time.Time) State {
	if s.State == Active && s.ExpiresAt != nil && !now.Before(*s.ExpiresAt) {
		return Expired
	}
	return s.State
}

// active returns an error unless the memory exists and is active at the moment.
func (m *Memory) active(now time.Time) error {
	if err := m.exists(); err != nil {
		return err
	}
	if state := m.now.StateAt(now); state != Active {
		return domain.Errorf(domain.Conflict, "memory %s is %s; restore it first", m.now.ID, state)
	}
	return nil
}

func (m *Memory) exists() error {
	if m.now.Version == 0 {
		return domain.Errorf(domain.NotFound, "there is no such memory")
	}
	return nil
}
