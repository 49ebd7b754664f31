package filter

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
)

func TestCheckNamesTheBadMember(t *testing.T) {
	t.Parallel()
	endless := time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		member string
		filter Filter
	}{
		"agent too long":        {"agent_id", Filter{AgentID: strings.Repeat("a", 101)}},
		"agent with NUL":        {"agent_id", Filter{AgentID: "a\x00"}},
		"user too long":         {"user_id", Filter{UserID: strings.Repeat("ü", 256)}},
		"user that is no UTF-8": {"user_id", Filter{UserID: "\xff"}},
		"type too long":         {"memory_types", Filter{MemoryTypes: []string{strings.Repeat("a", 51)}}},
		"empty type":            {"memory_types", Filter{MemoryTypes: []string{"a", " "}}},
		"too many types":        {"memory_types", Filter{MemoryTypes: slices.Repeat([]string{"a"}, 1001)}},
		"confidence NaN":        {"min_confidence", Filter{MinConfidence: new(math.NaN())}},
		"confidence below":      {"min_confidence", Filter{MinConfidence: new(-0.1)}},
		"confidence above":      {"max_confidence", Filter{MaxConfidence: new(math.Inf(1))}},
		"confidence turned":     {"min_confidence", Filter{MinConfidence: new(0.6), MaxConfidence: new(0.5)}},
		"created after":         {"created_after", Filter{CreatedAfter: &endless}},
		"created before":        {"created_before", Filter{CreatedBefore: &endless}},
		"updated after":         {"updated_after", Filter{UpdatedAfter: &endless}},
		"updated before":        {"updated_before", Filter{UpdatedBefore: &endless}},
		"expires before":        {"expires_before", Filter{ExpiresBefore: &endless}},
		"valid at":              {"valid_at", Filter{ValidAt: &endless}},
		"metadata an array":     {"metadata", Filter{Metadata: json.RawMessage(`[1]`)}},
		"metadata no JSON":      {"metadata.a", Filter{Metadata: json.RawMessage(`{"a":`)}},
		"metadata with NUL":     {"metadata.a", Filter{Metadata: json.RawMessage(`{"a":"\u0000"}`)}},
		"metadata too large":    {"metadata", Filter{Metadata: json.RawMessage(`{"a":"` + strings.Repeat("a", 65536) + `"}`)}},
		"unknown state":         {"state", Filter{State: "Active"}},
		"recorded after":        {"recorded_after", Filter{RecordedAfter: &endless}},
		"recorded before":       {"recorded_before", Filter{RecordedBefore: &endless}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.filter.Check()
			var invalid *domain.Error
			require.ErrorAs(t, err, &invalid)
			require.Equal(t, domain.Invalid, invalid.Kind)
			require.Equal(t, c.member, invalid.Field)
		})
	}
}

func TestSplitCompilesForEachTableWhatItHasTheColumnsFor(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	where, err := Filter{
		AgentID: "ada", MemoryTypes: []string{"fact"}, MinConfidence: new(0.5), UpdatedBefore: &moment,
		Metadata: json.RawMessage(`{"a": 1}`),
	}.Check()
	require.NoError(t, err)
	columns := func(f Field) string {
		switch f {
		case AgentID, MemoryType, ExpiresAt:
			return "s." + string(f)
		case State:
			return "'active'"
		}
		return ""
	}
	narrow, wide := where.Split(columns)
	args := Args{"default"}
	require.Equal(t, Conditions{
		"s.agent_id = $2", "s.memory_type = any($3)", "'active' = 'active' and (s.expires_at is null or s.expires_at > $4)",
	}, narrow.SQL(columns, moment, &args))
	require.Equal(t, Conditions{"confidence_score >= $5", "updated_at < $6", "metadata @> $7"}, wide.SQL(Memories, moment, &args))
	require.Equal(t, Args{"default", "ada", []string{"fact"}, moment, 0.5, moment, json.RawMessage(`{"a":1}`)}, args)
}

func TestFiltersOfEventsHaveTheFieldsOfEvents(t *testing.T) {
	t.Parallel()
	where, err := OfEvents(json.RawMessage(`{"actor": {"ne": "ana"}, "payload.to": {"gt": 0.5}, "stream_id": {"exists": true}, "causation_id": null}`))
	require.NoError(t, err)
	args := Args{"default"}
	require.Equal(t, Conditions{
		"((metadata ->> 'actor') = $2) is not true", "((metadata ->> 'causation_id') is not null) is not true",
		"(jsonb_typeof((payload::jsonb -> $3::text)) = 'number' and (payload::jsonb -> $3::text) > $4)", "stream_id is not null",
	}, where.SQL(EventColumns, time.Time{}, &args))
	for filters, want := range map[string]string{
		`{"confidence": 1}`:   "filters.confidence: is unknown: it must be one of AND, OR, NOT, sequence_id, event_id,",
		`{"metadata.a": 1}`:   "filters.metadata.a: is unknown",
		`{"user_ids": ["a"]}`: "filters.user_ids: is unknown",
		`{"x": 1}`:            "causation_id, payload, or a path within payload, e.g. payload.topic",
		`{"category": ""}`:    "filters.category: must be 1 to 100 characters, got 0",
		`[]`:                  "filters: must be an object",
	} {
		_, err := OfEvents(json.RawMessage(filters))
		require.ErrorContains(t, err, want, filters)
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	require.True(t, Filter{}.Empty())
	require.True(t, Filter{Metadata: json.RawMessage(` {} `)}.Empty(), "all metadata contain {}")
	require.False(t, Filter{RecordedAfter: new(time.Now())}.Empty())
	require.False(t, Filter{AgentID: "\xff"}.Empty(), "what is wrong is not nothing")
}
