package queries

import (
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain/canonjson"
)

// Kind is what happened to a memory between two moments: how its states at the two differ.
type Kind string

// The kinds, in the order in which a Change lists them.
const (
	Added           Kind = "added"
	Revised         Kind = "revised" // content or metadata
	TypeChanged     Kind = "type_changed"
	ConfidenceMoved Kind = "confidence_moved"
	ExpirySet       Kind = "expiry_set"     // or cleared
	ValidityMoved   Kind = "validity_moved" // valid_from or valid_to
	Forgotten       Kind = "forgotten"
	Restored        Kind = "restored"
	Expired         Kind = "expired"
	// Touched is a memory whose events left it as it was, such as one that was forgotten and restored.
	Touched Kind = "touched"
)

// Kinds returns all kinds, in their order.
func Kinds() []Kind {
	return []Kind{Added, Revised, TypeChanged, ConfidenceMoved, ExpirySet, ValidityMoved, Forgotten, Restored, Expired, Touched}
}

// Change is what became of one memory between two moments.
type Change struct {
	ID      uuid.UUID `json:"id"`
	AgentID string    `json:"agent_id"`
	UserID  string    `json:"user_id"`
	// Changes are what happened, at least one; an added memory is forgotten or expired too if it was at the end.
	Changes []Kind `json:"changes"`
	// Events is how many events of the memory were recorded in between; 0 if it expired by the clock alone.
	Events int `json:"events"`
	// Version, SequenceID, UpdatedAt and RecordedAt are those of the memory at the end.
	Version    int       `json:"version"`
	SequenceID int64     `json:"sequence_id"`
	UpdatedAt  time.Time `json:"updated_at"`
	RecordedAt time.Time `json:"recorded_at"`
	// EventType, Actor and Reason are of the last event; empty without one.
	EventType string `json:"event_type,omitempty"`
	Actor     string `json:"actor,omitempty"`
	Reason    string `json:"reason,omitempty"`
	// Memory is the memory at the end where it was added; nil else.
	Memory *Memory `json:"memory,omitempty"`
	// Patch is the JSON patch (RFC 6902) of /content and /metadata of the memory. Before each removal and replacement it tests
	// the value before.
	Patch []canonjson.Operation `json:"patch,omitempty"`
	// The others that changed, from what to what; nil for those that did not.
	MemoryType *Moved[string]     `json:"memory_type,omitempty"`
	Confidence *Moved[float64]    `json:"confidence,omitempty"`
	ExpiresAt  *Moved[*time.Time] `json:"expires_at,omitempty"`
	ValidFrom  *Moved[*time.Time] `json:"valid_from,omitempty"`
	ValidTo    *Moved[*time.Time] `json:"valid_to,omitempty"`
	State      *Moved[string]     `json:"state,omitempty"`
}

// Moved is a value before and after.
type Moved[T any] struct {
	From T `json:"from"`
	To   T `json:"to"`
}

func moved[T any](differs bool, from, to T) *Moved[T] {
	if !differs {
		return nil
	}
	return &Moved[T]{from, to}
}

// difference is in what the two states of a memory differ.
type difference struct {
	existed, revised, retyped, moved, reset, revalidated bool
	before, after                                        string // states
}

// kinds is the one place that says what a difference is called.
func (d difference) kinds() (kinds []Kind) {
	add := func(holds bool, k Kind) {
		if holds {
			kinds = append(kinds, k)
		}
	}
	add(!d.existed, Added)
	add(d.existed && d.revised, Revised)
	add(d.existed && d.retyped, TypeChanged)
	add(d.existed && d.moved, ConfidenceMoved)
	add(d.existed && d.reset, ExpirySet)
	add(d.existed && d.revalidated, ValidityMoved)
	changed := d.before != d.after
	add(changed && d.after == StateForgotten, Forgotten)
	add(d.existed && changed && d.after == StateActive, Restored)
	add(changed && d.after == stateExpired, Expired)
	add(kinds == nil, Touched)
	return kinds
}

// changeOf compares the states of a memory. Before is nil for one that did not exist.
func changeOf(before *Memory, after *lastVersion) (Change, error) {
	m := &after.Memory
	c := Change{
		ID: m.ID, AgentID: m.AgentID, UserID: m.UserID, Version: m.Version, Events: m.Version, SequenceID: m.SequenceID,
		UpdatedAt: m.UpdatedAt, RecordedAt: m.RecordedAt,
	}
	if before == nil {
		c.Memory, c.Changes = m, difference{after: m.State}.kinds()
	} else {
		var err error
		if c.Patch, err = patchOf(before, m); err != nil {
			return Change{}, err
		}
		d := difference{existed: true, revised: c.Patch != nil, retyped: before.Type != m.Type, moved: before.Confidence != m.Confidence,
			reset: !sameTime(before.ExpiresAt, m.ExpiresAt), before: before.State, after: m.State}
		from, to := !sameTime(before.ValidFrom, m.ValidFrom), !sameTime(before.ValidTo, m.ValidTo)
		d.revalidated = from || to
		c.Events, c.Changes = m.Version-before.Version, d.kinds()
		c.MemoryType = moved(d.retyped, before.Type, m.Type)
		c.Confidence = moved(d.moved, before.Confidence, m.Confidence)
		c.ExpiresAt = moved(d.reset, before.ExpiresAt, m.ExpiresAt)
		c.ValidFrom = moved(from, before.ValidFrom, m.ValidFrom)
		c.ValidTo = moved(to, before.ValidTo, m.ValidTo)
		c.State = moved(d.before != d.after, d.before, d.after)
	}
	if c.Events > 0 {
		c.EventType, c.Actor, c.Reason = after.eventType, after.actor, after.reason
	}
	return c, nil
}

// patchOf is nil if neither content nor metadata changed.
func patchOf(before, after *Memory) (patch []canonjson.Operation, err error) {
	for _, part := range []struct {
		path     string
		from, to []byte
	}{{"/content", before.Content, after.Content}, {"/metadata", before.Metadata, after.Metadata}} {
		from, err := canonjson.Adopt(part.from)
		if err != nil {
			return nil, err
		}
		to, err := canonjson.Adopt(part.to)
		if err != nil {
			return nil, err
		}
		patch = append(patch, canonjson.Diff(part.path, from, to)...)
	}
	return patch, nil
}

func sameTime(a, b *time.Time) bool { return a == b || a != nil && b != nil && a.Equal(*b) }

// ChangeCounts are how many memories changed, and how many of them in each way.
type ChangeCounts struct {
	Memories        int64 `json:"memories"`
	Added           int64 `json:"added"`
	Revised         int64 `json:"revised"`
	TypeChanged     int64 `json:"type_changed"`
	ConfidenceMoved int64 `json:"confidence_moved"`
	ExpirySet       int64 `json:"expiry_set"`
	ValidityMoved   int64 `json:"validity_moved"`
	Forgotten       int64 `json:"forgotten"`
	Restored        int64 `json:"restored"`
	Expired         int64 `json:"expired"`
	Touched         int64 `json:"touched"`
	// Incomplete says that only the first MaxCounted memories were counted.
	Incomplete bool `json:"incomplete,omitempty"`
}

// Of returns the number of memories of a kind.
func (c *ChangeCounts) Of(k Kind) *int64 {
	return map[Kind]*int64{
		Added: &c.Added, Revised: &c.Revised, TypeChanged: &c.TypeChanged, ConfidenceMoved: &c.ConfidenceMoved, ExpirySet: &c.ExpirySet,
		ValidityMoved: &c.ValidityMoved, Forgotten: &c.Forgotten, Restored: &c.Restored, Expired: &c.Expired, Touched: &c.Touched,
	}[k]
}

func (c *ChangeCounts) add(d difference, memories int64) {
	c.Memories += memories
	for _, k := range d.kinds() {
		*c.Of(k) += memories
	}
}
