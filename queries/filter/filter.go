// Package filter narrows a question to some memories. Checking a Filter turns it into a tree of expressions, which is compiled
// to SQL for each table from the columns that the table has.
//
// A new operator is an expression in where.go; a new field is a Field, its column and a member of Filter.
package filter

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

const maxTypes = 100

// Filter narrows which memories an answer is about; an empty member does not narrow.
type Filter struct {
	AgentID string
	UserID  string
	// MemoryTypes are alternatives: the memory has one of these types.
	MemoryTypes []string
	// MinConfidence and MaxConfidence are both inclusive, from 0 to 1.
	MinConfidence, MaxConfidence *float64
	// After is inclusive and Before is exclusive, so that ranges can be joined without a gap. Created and Updated are when it
	// happened, Recorded is when AUREN was told. ExpiresBefore leaves out what never expires.
	CreatedAfter, CreatedBefore   *time.Time
	UpdatedAfter, UpdatedBefore   *time.Time
	RecordedAfter, RecordedBefore *time.Time
	ExpiresBefore                 *time.Time
	// Metadata is a JSON object that the memory's metadata must contain: {"topic": "sleep"} finds
	// {"topic": "sleep", "source": "chat"}.
	Metadata json.RawMessage
	// State is Active, Forgotten, Expired or All; default Active.
	State string
}

// Empty reports whether the filter is valid and narrows nothing but the state.
func (f Filter) Empty() bool {
	f.State = All
	w, err := f.Check()
	return err == nil && len(w.all) == 0
}

// Check returns the filter as a tree, or an error that names the first bad member.
func (f Filter) Check() (Where, error) {
	var c checker
	c.name(AgentID, f.AgentID, memory.MaxAgentID)
	c.name(UserID, f.UserID, memory.MaxUserID)
	c.types(f.MemoryTypes)
	c.confidence("min_confidence", ">=", f.MinConfidence)
	c.confidence("max_confidence", "<=", f.MaxConfidence)
	if f.MinConfidence != nil && f.MaxConfidence != nil && *f.MinConfidence > *f.MaxConfidence {
		c.check(domain.Invalidf("min_confidence", "must be at most max_confidence, which is %v, got %v", *f.MaxConfidence, *f.MinConfidence))
	}
	c.time("created_after", CreatedAt, ">=", f.CreatedAfter)
	c.time("created_before", CreatedAt, "<", f.CreatedBefore)
	c.time("updated_after", UpdatedAt, ">=", f.UpdatedAfter)
	c.time("updated_before", UpdatedAt, "<", f.UpdatedBefore)
	c.time("recorded_after", RecordedAt, ">=", f.RecordedAfter)
	c.time("recorded_before", RecordedAt, "<", f.RecordedBefore)
	c.time("expires_before", ExpiresAt, "<", f.ExpiresBefore)
	c.metadata(f.Metadata)
	c.state(f.State)
	return Where{f.AgentID, f.UserID, c.all}, c.err
}

// checker collects the expressions, and the first error.
type checker struct {
	all []expression
	err error
}

func (c *checker) add(e expression) { c.all = append(c.all, e) }

func (c *checker) check(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *checker) name(field Field, name string, limit int) {
	if name != "" {
		c.check(domain.CheckText(string(field), name, limit))
		c.add(compare{field, "=", name})
	}
}

func (c *checker) types(types []string) {
	if len(types) == 0 {
		return
	}
	if len(types) > maxTypes {
		c.check(domain.Invalidf("memory_types", "must be at most %d types, got %d", maxTypes, len(types)))
	}
	for _, t := range types {
		c.check(domain.CheckName("memory_types", t, memory.MaxType))
	}
	c.add(compare{MemoryType, oneOf, types})
}

func (c *checker) confidence(member, operator string, bound *float64) {
	if bound != nil {
		c.check(domain.CheckUnit(member, *bound))
		c.add(compare{Confidence, operator, *bound})
	}
}

func (c *checker) time(member string, field Field, operator string, bound *time.Time) {
	if bound != nil {
		c.check(domain.CheckTime(member, *bound))
		c.add(compare{field, operator, bound.UTC()})
	}
}

// metadata adds nothing for {}, which all metadata contain.
func (c *checker) metadata(raw json.RawMessage) {
	if len(raw) == 0 {
		return
	}
	value, err := canonjson.Parse(raw)
	if err == nil {
		err = value.CheckSize(memory.MaxMetadataBytes)
	}
	switch {
	case err != nil:
		c.check(domain.WithField("metadata", err))
	case !value.IsObject():
		c.check(domain.Invalidf("metadata", `must be a JSON object, e.g. {"topic": "sleep"}`))
	case value.String() != "{}":
		c.add(compare{Metadata, "@>", value.Raw()})
	}
}

func (c *checker) state(state string) {
	switch state {
	case "", Active, Forgotten, Expired:
		c.add(inState{cmp.Or(state, Active)})
	case All:
	default:
		c.check(domain.Invalidf("state", "must be active, forgotten, expired or all, got %q", state))
	}
}
