// Package memory is the aggregate: the state of one memory, the commands that it accepts in each state, and the events
// that record its decisions. It is pure: it has no clock, does no I/O, and makes no ids.
//
// A decision (Remember, Revise, Forget …) checks its input and the memory's state and returns the event to append, or nil
// if there is nothing to record. Apply folds one event into the memory. The commands, the projections and every replay
// share this Apply, so they cannot disagree.
package memory

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
)

// Key identifies a memory among those of all tenants.
type Key struct {
	Tenant domain.Tenant
	ID     uuid.UUID
}

// State is the state of a memory.
type State string

// The states of a memory.
const (
	// StateActive memories are listed and recalled.
	StateActive State = "active"
	// StateForgotten memories are hidden and kept; Restore brings them back.
	StateForgotten State = "forgotten"
	// StateExpired memories are past their expires_at; Restore brings them back.
	StateExpired State = "expired"
)

// Snapshot is the whole state of a memory after the events applied so far.
type Snapshot struct {
	ID uuid.UUID
	Fields
	State     State
	CreatedAt time.Time // when the first event occurred
	UpdatedAt time.Time // when the last event occurred
	Version   int       // number of events applied; 0 if the memory does not exist
}

// Memory is one memory, folded from its events. The zero value does not exist yet.
type Memory struct {
	now Snapshot
}

// FromSnapshot restores a memory from its Snapshot.
func FromSnapshot(s Snapshot) *Memory { return &Memory{now: s} }

// Snapshot returns the current state.
func (m *Memory) Snapshot() Snapshot { return m.now }

// Version is the number of events applied; 0 means that the memory does not exist.
func (m *Memory) Version() int { return m.now.Version }

// Apply folds one event, which occurred at the given time, into the memory. It only assigns: an event is a fact and cannot
// be rejected. The events of one memory must be applied in the order of their versions.
func (m *Memory) Apply(id uuid.UUID, event Event, occurredAt time.Time) {
	s := &m.now
	s.ID = id
	s.Version++
	s.UpdatedAt = occurredAt
	switch e := event.(type) {
	case Remembered:
		s.Fields, s.State, s.CreatedAt = e.Fields, StateActive, occurredAt
	case Revised:
		e.applyTo(&s.Fields)
	case ConfidenceAdjusted:
		s.Confidence = e.To
	case EvidenceRecorded:
		s.Confidence = e.To
	case ExpirySet:
		s.ExpiresAt = e.ExpiresAt
	case Forgotten:
		s.State = StateForgotten
	case Restored:
		s.State, s.ExpiresAt = StateActive, e.ExpiresAt
	case Expired:
		s.State = StateExpired
	default:
		panic(fmt.Sprintf("memory: apply of unknown event %T", event))
	}
}

// StateAt returns the state at a time: an active memory is expired from the instant of its expires_at on, whether or not
// an event has recorded it.
func (s Snapshot) StateAt(now time.Time) State {
	if s.State == StateActive && s.ExpiresAt != nil && !now.Before(*s.ExpiresAt) {
		return StateExpired
	}
	return s.State
}

// active returns an error unless the memory exists and is active at a time.
func (m *Memory) active(now time.Time) error {
	if err := m.exists(); err != nil {
		return err
	}
	if state := m.now.StateAt(now); state != StateActive {
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
