package queries

import (
	"encoding/json"
	"math"
	"strings"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// The bounds of a Filter.
const (
	maxAgentID       = 100
	maxUserID        = 255
	maxType          = 50
	maxTypes         = 100
	maxMetadataBytes = 64 << 10
)

// Filter narrows which memories an answer is about; what is empty does not narrow.
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
	// ExpiresBefore leaves out what never expires.
	ExpiresBefore *time.Time `json:"expires_before,omitempty"`
	// Metadata is a JSON object that the memory's metadata must contain: {"topic": "sleep"} finds
	// {"topic": "sleep", "source": "chat"}.
	Metadata json.RawMessage `json:"metadata,omitempty"`
	// State is StateActive, StateForgotten, StateExpired or StateAll; default StateActive.
	State string `json:"state,omitempty"`
}

// check returns the filter with its defaults filled in, or an error that names the first bad field.
func (f Filter) check() (Filter, error) {
	if err := checkScope(f.AgentID, f.UserID); err != nil {
		return f, err
	}
	if len(f.MemoryTypes) > maxTypes {
		return f, domain.Invalidf("memory_types", "holds %d types; at most %d are allowed", len(f.MemoryTypes), maxTypes)
	}
	for _, t := range f.MemoryTypes {
		if strings.TrimSpace(t) == "" {
			return f, domain.Invalidf("memory_types", "holds an empty type; 1 to %d characters are allowed", maxType)
		}
		if err := domain.CheckText("memory_types", t, maxType); err != nil {
			return f, err
		}
	}
	if err := checkConfidence("min_confidence", f.MinConfidence); err != nil {
		return f, err
	}
	if err := checkConfidence("max_confidence", f.MaxConfidence); err != nil {
		return f, err
	}
	if f.MinConfidence != nil && f.MaxConfidence != nil && *f.MinConfidence > *f.MaxConfidence {
		return f, domain.Invalidf("min_confidence", "is %v, above max_confidence, which is %v", *f.MinConfidence, *f.MaxConfidence)
	}
	for _, bound := range []struct {
		field string
		time  *time.Time
	}{
		{"created_after", f.CreatedAfter}, {"created_before", f.CreatedBefore},
		{"updated_after", f.UpdatedAfter}, {"updated_before", f.UpdatedBefore},
		{"expires_before", f.ExpiresBefore},
	} {
		if bound.time == nil {
			continue
		}
		if err := checkTime(bound.field, *bound.time); err != nil {
			return f, err
		}
	}
	var err error
	if f.Metadata, err = checkMetadata(f.Metadata); err != nil {
		return f, err
	}
	switch f.State {
	case "":
		f.State = StateActive
	case StateActive, StateForgotten, StateExpired, StateAll:
	default:
		return f, domain.Invalidf("state", "is %q; allowed are active, forgotten, expired and all", f.State)
	}
	return f, nil
}

func checkScope(agentID, userID string) error {
	if err := domain.CheckText("agent_id", agentID, maxAgentID); err != nil {
		return err
	}
	return domain.CheckText("user_id", userID, maxUserID)
}

func checkConfidence(field string, value *float64) error {
	if value != nil && (math.IsNaN(*value) || *value < 0 || *value > 1) {
		return domain.Invalidf(field, "is %v; a number from 0 to 1 is allowed", *value)
	}
	return nil
}

// checkTime keeps to the years that RFC 3339 can write and PostgreSQL can store.
func checkTime(field string, t time.Time) error {
	if year := t.UTC().Year(); year < 1 || year > 9999 {
		return domain.Invalidf(field, "is in the year %d; years 1 to 9999 are allowed", year)
	}
	return nil
}

func checkMetadata(metadata json.RawMessage) (json.RawMessage, error) {
	if len(metadata) == 0 {
		return nil, nil
	}
	value, err := canonjson.Parse(metadata)
	if err == nil {
		err = value.CheckSize(maxMetadataBytes)
	}
	if err != nil {
		return nil, domain.Within("metadata", err)
	}
	if !value.IsObject() {
		return nil, domain.Invalidf("metadata", "is no JSON object; an object such as {\"topic\": \"sleep\"} is allowed")
	}
	return value.Raw(), nil
}

func checkLimit(limit, normal, highest int) (int, error) {
	if limit == 0 {
		return normal, nil
	}
	if limit < 0 || limit > highest {
		return 0, domain.Invalidf("limit", "is %d; 1 to %d are allowed", limit, highest)
	}
	return limit, nil
}

// where is the filter over agent_memories and agent_memory_history.
func (f Filter) where(s *statement, moment time.Time) conditions {
	c := f.scope(s)
	switch f.State {
	case StateActive:
		c.add(`state = 'active' and (expires_at is null or expires_at > `, s.arg(moment), `)`)
	case StateForgotten:
		c.add(`state = 'forgotten'`)
	case StateExpired:
		c.add(`(state = 'expired' or state = 'active' and expires_at <= `, s.arg(moment), `)`)
	}
	return append(append(c, f.narrow(s)...), f.wide(s)...)
}

// scope is whose memories they are.
func (f Filter) scope(s *statement) (c conditions) {
	if f.AgentID != "" {
		c.add(`agent_id = `, s.arg(f.AgentID))
	}
	if f.UserID != "" {
		c.add(`user_id = `, s.arg(f.UserID))
	}
	return c
}

// searched is the scope over agent_memory_search, whose index has an entry for it; two scopes may share one.
func (f Filter) searched(s *statement, tenant domain.Tenant) conditions {
	c := f.scope(s)
	c.add(scopeEntries, ` @> array[`, s.arg(strings.Join([]string{string(tenant), f.AgentID, f.UserID}, "/")), `]`)
	return c
}

// narrow is about the columns that agent_memory_search has, too.
func (f Filter) narrow(s *statement) (c conditions) {
	if len(f.MemoryTypes) > 0 {
		c.add(`memory_type = any(`, s.arg(f.MemoryTypes), `)`)
	}
	if f.MinConfidence != nil {
		c.add(`confidence_score >= `, s.arg(*f.MinConfidence))
	}
	if f.MaxConfidence != nil {
		c.add(`confidence_score <= `, s.arg(*f.MaxConfidence))
	}
	if f.CreatedAfter != nil {
		c.add(`created_at >= `, s.arg(*f.CreatedAfter))
	}
	if f.CreatedBefore != nil {
		c.add(`created_at < `, s.arg(*f.CreatedBefore))
	}
	if f.ExpiresBefore != nil {
		c.add(`expires_at < `, s.arg(*f.ExpiresBefore))
	}
	return c
}

// wide is about the columns that only the tables of whole memories have.
func (f Filter) wide(s *statement) (c conditions) {
	if f.UpdatedAfter != nil {
		c.add(`updated_at >= `, s.arg(*f.UpdatedAfter))
	}
	if f.UpdatedBefore != nil {
		c.add(`updated_at < `, s.arg(*f.UpdatedBefore))
	}
	if f.Metadata != nil {
		c.add(`metadata @> `, s.arg(f.Metadata))
	}
	return c
}
