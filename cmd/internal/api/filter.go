package api

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

// Owners says whose memories.
type Owners struct {
	AgentID string `json:"agent_id,omitempty" nullable:"false" minLength:"1" maxLength:"100" doc:"Only the memories of this agent."`
	UserID  string `json:"user_id,omitempty" nullable:"false" minLength:"1" maxLength:"255" doc:"Only the memories about this user."`
}

// Narrow says what memories.
type Narrow struct {
	AgentIDs      []string `json:"agent_ids,omitempty" nullable:"false" minItems:"1" maxItems:"1000" doc:"Only the memories of one of these agents."`
	UserIDs       []string `json:"user_ids,omitempty" nullable:"false" minItems:"1" maxItems:"1000" doc:"Only the memories about one of these users."`
	MemoryTypes   []string `json:"memory_types,omitempty" nullable:"false" minItems:"1" maxItems:"1000" doc:"Only memories of one of these types."`
	MinConfidence *float64 `json:"min_confidence,omitempty" nullable:"false" minimum:"0" maximum:"1" doc:"Only memories of this confidence or more."`
	MaxConfidence *float64 `json:"max_confidence,omitempty" nullable:"false" minimum:"0" maximum:"1" doc:"Only memories of this confidence or less."`
}

// Span says from when, and with what metadata.
type Span struct {
	CreatedAfter   *time.Time      `json:"created_after,omitempty" nullable:"false" doc:"Only memories created then or later."`
	CreatedBefore  *time.Time      `json:"created_before,omitempty" nullable:"false" doc:"Only memories created earlier."`
	UpdatedAfter   *time.Time      `json:"updated_after,omitempty" nullable:"false" doc:"Only memories changed then or later."`
	UpdatedBefore  *time.Time      `json:"updated_before,omitempty" nullable:"false" doc:"Only memories not changed since."`
	RecordedAfter  *time.Time      `json:"recorded_after,omitempty" nullable:"false" doc:"Only memories whose last change was recorded then or later."`
	RecordedBefore *time.Time      `json:"recorded_before,omitempty" nullable:"false" doc:"Only memories whose last change was recorded earlier."`
	ExpiresBefore  *time.Time      `json:"expires_before,omitempty" nullable:"false" doc:"Only memories that expire earlier."`
	ValidAt        *time.Time      `json:"valid_at,omitempty" nullable:"false" doc:"Only memories that are so at that time: from their valid_from to before their valid_to."`
	Metadata       json.RawMessage `json:"metadata,omitempty" nullable:"false" doc:"Only memories whose metadata contains this JSON object."`
	Filters        json.RawMessage `json:"filters,omitempty" nullable:"false" doc:"Only memories that match this filter: an object, all of whose members hold. AND and OR take a list of such objects, NOT takes one. Any other member is a field of a memory, or metadata. and a path within it, with a value that it equals or an object of operators: eq, ne, gt, gte, lt, lte, in, nin, contains, icontains, starts_with, exists. The other filters of this request can stand in it, too. See docs/filters.md."`
}

// Filter says which memories.
type Filter struct {
	Owners
	Narrow
	Span
}

func (f *Filter) filter() queries.Filter {
	return queries.Filter{
		AgentID: f.AgentID, UserID: f.UserID, AgentIDs: f.AgentIDs, UserIDs: f.UserIDs,
		MemoryTypes: f.MemoryTypes, MinConfidence: f.MinConfidence, MaxConfidence: f.MaxConfidence,
		CreatedAfter: f.CreatedAfter, CreatedBefore: f.CreatedBefore, UpdatedAfter: f.UpdatedAfter, UpdatedBefore: f.UpdatedBefore,
		RecordedAfter: f.RecordedAfter, RecordedBefore: f.RecordedBefore, ExpiresBefore: f.ExpiresBefore, ValidAt: f.ValidAt,
		Metadata: f.Metadata, Filters: f.Filters,
	}
}

// Minimum says what an answer has to reflect.
type Minimum struct {
	MinSequenceID int64 `json:"min_sequence_id,omitempty" nullable:"false" minimum:"0" doc:"Wait until what was written up to this sequence_id is seen; 503 if that takes too long."`
}

// Moment says which state of the memories is asked for.
type Moment struct {
	Minimum
	AsOf string `json:"as_of,omitempty" nullable:"false" minLength:"1" doc:"As known then: a sequence_id, or an RFC 3339 time. Default is now." example:"2026-01-31T15:04:05Z"`
}

// at reads the moment.
func (m Moment) at() (queries.At, error) {
	asOf, err := parseAsOf("as_of", m.AsOf)
	return queries.At{MinSequenceID: m.MinSequenceID, AsOf: asOf}, err
}

// parseAsOf reads a field that is a sequence_id or a time, or empty.
func parseAsOf(field, text string) (asOf queries.AsOf, err error) {
	if text == "" {
		return asOf, nil
	}
	sequenceID, err := strconv.ParseInt(text, 10, 64)
	if err == nil && sequenceID > 0 {
		return queries.AsOf{SequenceID: sequenceID}, nil
	}
	// In the query of a URL, + means a space.
	asOf.Time, err = domain.ParseTime(strings.Replace(text, " ", "+", 1))
	if err != nil || asOf.Time.IsZero() {
		return asOf, domain.Invalidf(field, "must be a sequence_id of at least 1, or an RFC 3339 time, e.g. 2026-01-31T15:04:05Z")
	}
	return asOf, nil
}
