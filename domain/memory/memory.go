// Package memory is the aggregate: what one memory is, which commands it accepts in which state, and the
// events that record what was decided. It is pure: no clock, no I/O, no ids of its own making.
//
// A decision (Remember, Revise, Forget …) checks its input and the memory's state and returns the event to
// append, or a nil event where there is nothing to record. Apply folds one event into the memory. The same
// Apply serves the commands, the projections and every replay, so they cannot disagree.
package memory

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
)

// Key names a memory among those of all tenants.
type Key struct {
	Tenant domain.Tenant
	ID     uuid.UUID
}

// State is where a memory stands in its life.
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

// Snapshot is all there is to know about a memory after the events applied so far.
type Snapshot struct {
	ID uuid.UUID
	Fields
	State     State
	CreatedAt time.Time // when the first event occurred
	UpdatedAt time.Time // when the last event occurred
	Version   int       // number of events applied; 0: does not exist
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
		s.Fields, s.State, s.CreatedAt = e.Fields, StateActive, occurredAt
	case Revised:
		s.Type, s.Content, s.Metadata = e.Type, e.Content, e.Metadata
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

// StateAt tells the state at a moment: an active memory is expired from the instant of its expires_at on,
// whether or not an event says so yet.
func (s Snapshot) StateAt(now time.Time) State {
	if s.State == StateActive && s.ExpiresAt != nil && !now.Before(*s.ExpiresAt) {
		return StateExpired
	}
	return s.State
}

// active returns an error unless the memory exists and is active at the moment.
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
