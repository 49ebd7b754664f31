// Package filter narrows questions to the memories that they are about. A Filter is checked once, which makes it a tree of
// expressions; the tree is compiled to SQL for each table from the columns that the table has.
//
// A new operator is a node in where.go; a new field is a Field, its column and a member of Filter.
package filter

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

// What Filter.State may be.
const (
	Active    = string(memory.Active)
	Forgotten = string(memory.Forgotten)
	Expired   = string(memory.Expired)
	// All asks for memories in any state.
	All = "all"
)

const maxTypes = 100

// Filter narrows which memories an answer is about; an empty member does not narrow.
type Filter struct {
	AgentID string `json:"agent_id,omitempty"`
	UserID  string `json:"user_id,omitempty"`
	// MemoryTypes are the types of which one must be the memory's.
	MemoryTypes []string `json:"memory_types,omitempty"`
	// MinConfidence and MaxConfidence are both inclusive, from 0 to 1.
	MinConfidence *float64 `json:"min_confidence,omitempty"`
	MaxConfidence *float64 `json:"max_confidence,omitempty"`
	// After is inclusive and Before is exclusive, so that ranges can be joined without a gap.
	CreatedAfter  *time.Time `json:"created_after,omitempty"`
	CreatedBefore *time.Time `json:"created_before,omitempty"`
	UpdatedAfter  *time.Time `json:"updated_after,omitempty"`
	UpdatedBefore *time.Time `json:"updated_before,omitempty"`
	// Recorded is when AUREN was told, rather than when it happened.
	RecordedAfter  *time.Time `json:"recorded_after,omitempty"`
	RecordedBefore *time.Time `json:"recorded_before,omitempty"`
	// ExpiresBefore leaves out what never expires.
	ExpiresBefore *time.Time `json:"expires_before,omitempty"`
	// Metadata is a JSON object that the memory's metadata must contain: {"topic": "sleep"} finds
	// {"topic": "sleep", "source": "chat"}.
	Metadata json.RawMessage `json:"metadata,omitempty"`
	// State is active, forgotten, expired or All; default active.
	State string `json:"state,omitempty"`
}

// Empty tells whether the filter narrows nothing but the state.
func (f Filter) Empty() bool {
	f.State = All
	w, err := f.Check()
	return err == nil && len(w.all) == 0
}

// Check returns the filter as a tree, with its default filled in, or an error that names the first bad member.
func (f Filter) Check() (w Where, err error) {
	for _, build := range []func(Filter) (and, error){Filter.scope, Filter.types, Filter.confidence, Filter.times, Filter.metadata, Filter.state} {
		part, err := build(f)
		if err != nil {
			return Where{}, err
		}
		w.all = append(w.all, part...)
	}
	return w, nil
}

func (f Filter) scope() (all and, err error) {
	for _, name := range []struct {
		field Field
		value string
		limit int
	}{{AgentID, f.AgentID, memory.MaxAgentID}, {UserID, f.UserID, memory.MaxUserID}} {
		if name.value == "" {
			continue
		}
		if err := domain.CheckText(string(name.field), name.value, name.limit); err != nil {
			return nil, err
		}
		all = append(all, compare{name.field, "=", name.value})
	}
	return all, nil
}

func (f Filter) types() (and, error) {
	if len(f.MemoryTypes) == 0 {
		return nil, nil
	}
	if len(f.MemoryTypes) > maxTypes {
		return nil, domain.Invalidf("memory_types", "must be at most %d types, got %d", maxTypes, len(f.MemoryTypes))
	}
	for _, t := range f.MemoryTypes {
		if strings.TrimSpace(t) == "" {
			return nil, domain.Invalidf("memory_types", "must be types of 1 to %d characters, got an empty one", memory.MaxType)
		}
		if err := domain.CheckText("memory_types", t, memory.MaxType); err != nil {
			return nil, err
		}
	}
	return and{compare{MemoryType, oneOf, f.MemoryTypes}}, nil
}

func (f Filter) confidence() (all and, err error) {
	for _, bound := range []struct {
		name, operator string
		value          *float64
	}{{"min_confidence", ">=", f.MinConfidence}, {"max_confidence", "<=", f.MaxConfidence}} {
		if bound.value == nil {
			continue
		}
		if v := *bound.value; math.IsNaN(v) || v < 0 || v > 1 {
			return nil, domain.Invalidf(bound.name, "must be between 0 and 1, got %v", v)
		}
		all = append(all, compare{Confidence, bound.operator, *bound.value})
	}
	if len(all) == 2 && *f.MinConfidence > *f.MaxConfidence {
		return nil, domain.Invalidf("min_confidence", "must be at most max_confidence, which is %v, got %v", *f.MaxConfidence, *f.MinConfidence)
	}
	return all, nil
}

func (f Filter) times() (all and, err error) {
	for _, bound := range []struct {
		name     string
		field    Field
		operator string
		value    *time.Time
	}{
		{"created_after", CreatedAt, ">=", f.CreatedAfter}, {"created_before", CreatedAt, "<", f.CreatedBefore},
		{"updated_after", UpdatedAt, ">=", f.UpdatedAfter}, {"updated_before", UpdatedAt, "<", f.UpdatedBefore},
		{"recorded_after", RecordedAt, ">=", f.RecordedAfter}, {"recorded_before", RecordedAt, "<", f.RecordedBefore},
		{"expires_before", ExpiresAt, "<", f.ExpiresBefore},
	} {
		if bound.value == nil {
			continue
		}
		if err := CheckTime(bound.name, *bound.value); err != nil {
			return nil, err
		}
		all = append(all, compare{bound.field, bound.operator, bound.value.UTC()})
	}
	return all, nil
}

// CheckTime allows the years that RFC 3339 can write and PostgreSQL can store.
func CheckTime(field string, t time.Time) error {
	if year := t.UTC().Year(); year < 1 || year > 9999 {
		return domain.Invalidf(field, "must be in the years 1 to 9999, got %d", year)
	}
	return nil
}

// metadata that asks for {} asks for anything.
func (f Filter) metadata() (and, error) {
	if len(f.Metadata) == 0 {
		return nil, nil
	}
	value, err := canonjson.Parse(f.Metadata)
	if err == nil {
		err = value.CheckSize(memory.MaxMetadataBytes)
	}
	switch {
	case err != nil:
		return nil, domain.Within("metadata", err)
	case !value.IsObject():
		return nil, domain.Invalidf("metadata", "must be a JSON object, e.g. {\"topic\": \"sleep\"}")
	case value.String() == "{}":
		return nil, nil
	}
	return and{compare{Metadata, "@>", value.Raw()}}, nil
}

func (f Filter) state() (and, error) {
	switch f.State {
	case "":
		return and{inState{Active}}, nil
	case Active, Forgotten, Expired:
		return and{inState{f.State}}, nil
	case All:
		return nil, nil
	default:
		return nil, domain.Invalidf("state", "must be active, forgotten, expired or all, got %q", f.State)
	}
}
