// Package filter narrows a question to some memories. Checking a Filter turns it into a tree of conditions, which is compiled to
// SQL for each table from the columns that the table has; what the caller sent is in the arguments, never in the text.
//
// Filters are one grammar in JSON (see docs/filters.md); the other members of Filter are short forms of conditions in it. A new
// field is a row of a table, a new operator an entry of its kind's sql.
package filter

import (
	"encoding/json"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
)

// Filter narrows which memories an answer is about: all members hold; an empty one does not narrow.
type Filter struct {
	// AgentIDs, UserIDs and MemoryTypes are alternatives: the memory has one of them.
	AgentID, UserID                string
	AgentIDs, UserIDs, MemoryTypes []string
	// MinConfidence and MaxConfidence are both inclusive, from 0 to 1.
	MinConfidence, MaxConfidence *float64
	// After is inclusive and Before is exclusive, so that ranges can be joined without a gap. Created and Updated are when it
	// happened, Recorded is when AUREN was told. ExpiresBefore leaves out what never expires.
	CreatedAfter, CreatedBefore   *time.Time
	UpdatedAfter, UpdatedBefore   *time.Time
	RecordedAfter, RecordedBefore *time.Time
	ExpiresBefore                 *time.Time
	// ValidAt is a time at which it is so in the world, as the memory's valid_from and valid_to say.
	ValidAt *time.Time
	// Metadata is a JSON object that the memory's metadata must contain: {"topic": "sleep"} finds
	// {"topic": "sleep", "source": "chat"}.
	Metadata json.RawMessage
	// Filters is an object of the grammar.
	Filters json.RawMessage
	// State is Active, Forgotten, Expired or All; default Active, or All where Filters ask for a state.
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
	p := parser{of: &memories}
	for _, s := range shortForms {
		p.short(s.name, s.field, s.operator, s.of(&f))
	}
	if f.MinConfidence != nil && f.MaxConfidence != nil && *f.MinConfidence > *f.MaxConfidence {
		p.fail(domain.Invalidf("min_confidence", "must be at most max_confidence, which is %v, got %v", *f.MaxConfidence, *f.MinConfidence))
	}
	p.metadata(f.Metadata)
	p.filters(f.Filters)
	p.state(f.State)
	return Where{p.all}, p.err
}

// OfEvents returns filters of events as a tree, for the columns EventColumns, or an error that names the first bad member.
func OfEvents(filters json.RawMessage) (Where, error) {
	p := parser{of: &events}
	p.filters(filters)
	return Where{p.all}, p.err
}

// parser collects the conditions that all hold, and the first error.
type parser struct {
	of         *table
	all        group
	err        error
	conditions int
	asksState  bool
}

func (p *parser) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

type shortForm struct {
	name     string
	field    Field
	operator string
	of       func(*Filter) []any
}

// shortForms are conditions that have a name, in a Filter as well as in the grammar.
var shortForms = []shortForm{
	{"agent_id", AgentID, eq, func(f *Filter) []any { return oneIf(f.AgentID != "", &f.AgentID) }},
	{"user_id", UserID, eq, func(f *Filter) []any { return oneIf(f.UserID != "", &f.UserID) }},
	{"agent_ids", AgentID, in, func(f *Filter) []any { return each(f.AgentIDs) }},
	{"user_ids", UserID, in, func(f *Filter) []any { return each(f.UserIDs) }},
	{"memory_types", MemoryType, in, func(f *Filter) []any { return each(f.MemoryTypes) }},
	{"min_confidence", Confidence, gte, func(f *Filter) []any { return oneIf(f.MinConfidence != nil, f.MinConfidence) }},
	{"max_confidence", Confidence, lte, func(f *Filter) []any { return oneIf(f.MaxConfidence != nil, f.MaxConfidence) }},
	{"created_after", CreatedAt, gte, func(f *Filter) []any { return oneIf(f.CreatedAfter != nil, f.CreatedAfter) }},
	{"created_before", CreatedAt, lt, func(f *Filter) []any { return oneIf(f.CreatedBefore != nil, f.CreatedBefore) }},
	{"updated_after", UpdatedAt, gte, func(f *Filter) []any { return oneIf(f.UpdatedAfter != nil, f.UpdatedAfter) }},
	{"updated_before", UpdatedAt, lt, func(f *Filter) []any { return oneIf(f.UpdatedBefore != nil, f.UpdatedBefore) }},
	{"recorded_after", RecordedAt, gte, func(f *Filter) []any { return oneIf(f.RecordedAfter != nil, f.RecordedAfter) }},
	{"recorded_before", RecordedAt, lt, func(f *Filter) []any { return oneIf(f.RecordedBefore != nil, f.RecordedBefore) }},
	{"valid_at", ValidAt, eq, func(f *Filter) []any { return oneIf(f.ValidAt != nil, f.ValidAt) }},
	{"expires_before", ExpiresAt, lt, func(f *Filter) []any { return oneIf(f.ExpiresBefore != nil, f.ExpiresBefore) }},
}

func oneIf[T any](given bool, value *T) []any {
	if !given {
		return nil
	}
	return []any{*value}
}

func each[T any](values []T) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = v
	}
	return all
}

// short adds a condition, or none without a value.
func (p *parser) short(name string, field Field, operator string, values []any) {
	if len(values) == 0 {
		return
	}
	if len(values) > maxValues {
		p.fail(domain.Invalidf(name, "must be at most %d values, got %d", maxValues, len(values)))
		return
	}
	kind := p.of.kindOf(field)
	for i, value := range values {
		var err error
		if values[i], err = kind.check(name, value); err != nil {
			p.fail(err)
			return
		}
	}
	p.all = append(p.all, condition{field, operator, kind, values})
}

// metadata adds nothing for {}, which all metadata contain.
func (p *parser) metadata(raw json.RawMessage) {
	if len(raw) == 0 {
		return
	}
	value, err := canonjson.Parse(raw)
	if err != nil {
		p.fail(domain.WithField("metadata", err))
	} else if value.String() != "{}" {
		p.short("metadata", Metadata, contains, []any{value})
	}
}

// state adds the state. Where the grammar asks for states, those of it are all there is to say.
func (p *parser) state(state string) {
	switch {
	case state == All || state == "" && p.asksState:
	case state == "":
		p.short("state", State, eq, []any{Active})
	default:
		if _, err := p.of.kindOf(State).check("state", state); err != nil {
			p.fail(domain.Invalidf("state", "must be active, forgotten, expired or all, got %q", state))
			return
		}
		p.short("state", State, eq, []any{state})
	}
}
