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
	MemoryTypes   []string `json:"memory_types,omitempty" nullable:"false" minItems:"1" maxItems:"100" doc:"Only memories of one of these types."`
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
	Metadata       json.RawMessage `json:"metadata,omitempty" nullable:"false" doc:"Only memories whose metadata contains this JSON object."`
}

func filter(o Owners, n Narrow, s Span) queries.Filter {
	return queries.Filter{
		AgentID: o.AgentID, UserID: o.UserID,
		MemoryTypes: n.MemoryTypes, MinConfidence: n.MinConfidence, MaxConfidence: n.MaxConfidence,
		CreatedAfter: s.CreatedAfter, CreatedBefore: s.CreatedBefore, UpdatedAfter: s.UpdatedAfter, UpdatedBefore: s.UpdatedBefore,
		RecordedAfter: s.RecordedAfter, RecordedBefore: s.RecordedBefore, ExpiresBefore: s.ExpiresBefore, Metadata: s.Metadata,
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
	at := queries.At{MinSequenceID: m.MinSequenceID}
	if m.AsOf == "" {
		return at, nil
	}
	sequenceID, err := strconv.ParseInt(m.AsOf, 10, 64)
	if err == nil && sequenceID > 0 {
		at.AsOf.SequenceID = sequenceID
		return at, nil
	}
	// In the query of a URL, + means a space.
	at.AsOf.Time, err = time.Parse(time.RFC3339Nano, strings.Replace(m.AsOf, " ", "+", 1))
	if err != nil || at.AsOf.Time.IsZero() {
		return at, domain.Invalidf("as_of", "must be a sequence_id of at least 1, or an RFC 3339 time, e.g. 2026-01-31T15:04:05Z")
	}
	return at, nil
}
