package queries_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/queries"
)

func (w *world) diff(t *testing.T, request queries.DiffRequest) queries.DiffResult {
	t.Helper()
	result, err := w.reader.Diff(t.Context(), tenant, request)
	require.NoError(t, err)
	return result
}

func between(from, to int64) queries.DiffRequest {
	return queries.DiffRequest{From: queries.AsOf{SequenceID: from}, To: queries.AsOf{SequenceID: to}}
}

func TestDiffTellsWhatBecameOfEachMemory(t *testing.T) {
	w := setup(t)
	var ids []uuid.UUID
	for range 6 {
		ids = append(ids, w.add(t, map[string]any{"text": "old", "n": 1})) // 1 to 6
	}
	due := w.add(t, "due", expires(recorded(12))) // 7
	w.change(t, ids[5], forget)                   // 8
	// The diff begins here.
	w.change(t, ids[0], revise(`{"text":"new","n":1}`), because("bob", "was wrong")) // 9
	w.change(t, ids[1], adjust(0.9))                                                 // 10
	w.change(t, ids[2], forget)                                                      // 11
	w.change(t, ids[3], forget)                                                      // 12
	w.change(t, ids[3], restore)                                                     // 13
	w.change(t, ids[5], restore)                                                     // 14
	added := w.add(t, "added", then(forget))                                         // 15, 16
	w.add(t, "elsewhere", in("other"))
	result := w.diff(t, between(8, 16))
	require.Equal(t, queries.DiffResult{
		From: queries.Instant{SequenceID: 8, Time: new(recorded(8))}, To: queries.Instant{SequenceID: 16, Time: new(recorded(16))},
	}, queries.DiffResult{From: result.From, To: result.To})
	require.Equal(t, &queries.ChangeCounts{Memories: 7, Added: 1, Revised: 1, ConfidenceMoved: 1, Forgotten: 2, Restored: 1, Expired: 1, Touched: 1}, result.Counts)
	state := func(from, to string) *queries.Moved[string] { return &queries.Moved[string]{From: from, To: to} }
	change := func(id uuid.UUID, sequence, version, events int, event string, kinds ...queries.Kind) queries.Change {
		at := recorded(sequence)
		c := queries.Change{ID: id, AgentID: "ada", UserID: "uma", Changes: kinds, Events: events, Version: version, SequenceID: int64(sequence), UpdatedAt: at, RecordedAt: at}
		if event != "" {
			c.EventType, c.Actor = event, "tester"
		}
		return c
	}
	want := []queries.Change{
		change(due, 7, 1, 0, "", queries.Expired),
		change(ids[0], 9, 2, 1, "memory_revised", queries.Revised),
		change(ids[1], 10, 2, 1, "memory_confidence_adjusted", queries.ConfidenceMoved),
		change(ids[2], 11, 2, 1, "memory_forgotten", queries.Forgotten),
		change(ids[3], 13, 3, 2, "memory_restored", queries.Touched),
		change(ids[5], 14, 3, 2-1, "memory_restored", queries.Restored),
		change(added, 16, 2, 2, "memory_forgotten", queries.Added, queries.Forgotten),
	}
	want[0].State, want[3].State, want[5].State = state("active", "expired"), state("active", "forgotten"), state("forgotten", "active")
	want[1].Actor, want[1].Reason, want[1].Patch = "bob", "was wrong", result.Changes[1].Patch
	want[2].Confidence = &queries.Moved[float64]{From: 0.5, To: 0.9}
	want[6].Memory = new(w.get(t, added, asOf(16)))
	require.Equal(t, want, result.Changes)
	patch, err := json.Marshal(result.Changes[1].Patch)
	require.NoError(t, err)
	require.JSONEq(t, `[{"op":"test","path":"/content/text","value":"old"},{"op":"replace","path":"/content/text","value":"new"}]`, string(patch))

	require.Empty(t, w.diff(t, between(8, 8)).Changes)
	none := w.diff(t, queries.DiffRequest{AgentID: "nobody"})
	require.Equal(t, &queries.ChangeCounts{}, none.Counts)
	require.NotNil(t, none.Changes)
	unchanged := between(8, 16)
	unchanged.ID = ids[4]
	require.Empty(t, w.diff(t, unchanged).Changes)
}

func TestDiffTellsWhatBecameOfTheValidity(t *testing.T) {
	w := setup(t)
	id := w.add(t, "x", valid(epoch, now)) // 1
	w.change(t, id, reviseTo(memory.Revision{ValidFrom: domain.SetTime(nil)}))
	w.change(t, id, reviseTo(memory.Revision{ValidTo: domain.SetTime(nil)}))
	result := w.diff(t, between(1, 2))
	require.Equal(t, &queries.ChangeCounts{Memories: 1, ValidityMoved: 1}, result.Counts)
	require.Equal(t, []queries.Kind{queries.ValidityMoved}, result.Changes[0].Changes)
	require.Equal(t, &queries.Moved[*time.Time]{From: &epoch}, result.Changes[0].ValidFrom)
	require.Nil(t, result.Changes[0].ValidTo)
	result = w.diff(t, between(2, 3))
	require.Equal(t, &queries.Moved[*time.Time]{From: &now}, result.Changes[0].ValidTo)
	require.EqualValues(t, 1, result.Counts.ValidityMoved)
	require.Equal(t, now, *w.get(t, id, asOf(2)).ValidTo)
	require.Nil(t, w.get(t, id, queries.At{}).ValidTo)
}

// A later page is of the moments of the first, whatever happens meanwhile.
func TestDiffIsOfTheSameTwoStatesOnEveryPage(t *testing.T) {
	w := setup(t)
	var all []uuid.UUID
	for i := range 5 {
		all = append(all, w.add(t, i))
	}
	request := queries.DiffRequest{Limit: 2}
	first := w.diff(t, request)
	w.change(t, all[0], forget)
	w.change(t, all[3], revise(`"new"`))
	w.add(t, "later")
	request.Cursor = first.NextCursor
	second := w.diff(t, request)
	require.Equal(t, [2]queries.Instant{first.From, first.To}, [2]queries.Instant{second.From, second.To})
	require.Nil(t, second.Counts)
	request.Cursor = second.NextCursor
	third := w.diff(t, request)
	require.Empty(t, third.NextCursor)
	var listed []uuid.UUID
	for _, page := range []queries.DiffResult{first, second, third} {
		for _, c := range page.Changes {
			require.Equal(t, []queries.Kind{queries.Added}, c.Changes)
			require.Equal(t, 1, c.Version)
			listed = append(listed, c.ID)
		}
	}
	require.Equal(t, all, listed)
}

func TestDiffRefusesBadInput(t *testing.T) {
	w := setup(t, func(c *queries.Config) { c.WaitLimit = time.Millisecond })
	id := w.add(t, "x")
	w.add(t, "y")
	cursor := w.diff(t, queries.DiffRequest{Limit: 1}).NextCursor
	for name, c := range map[string]struct {
		field   string
		request queries.DiffRequest
	}{
		"turned":           {"from", between(2, 1)},
		"turned in time":   {"from", queries.DiffRequest{From: queries.AsOf{Time: recorded(2).Add(time.Minute)}, To: queries.AsOf{SequenceID: 2}}},
		"not reached":      {"to", between(1, 3)},
		"both":             {"from", queries.DiffRequest{From: queries.AsOf{SequenceID: 1, Time: epoch}}},
		"beyond all times": {"to", queries.DiffRequest{To: queries.AsOf{Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}}},
		"limit":            {"limit", queries.DiffRequest{Limit: 1001}},
		"agent":            {"agent_id", queries.DiffRequest{AgentID: strings.Repeat("a", 101)}},
		"minimum":          {"min_sequence_id", queries.DiffRequest{MinSequenceID: -1}},
		"cursor":           {"cursor", queries.DiffRequest{Cursor: "!"}},
		"another's cursor": {"cursor", queries.DiffRequest{Cursor: cursor, UserID: "uma"}},
		"a list's cursor":  {"cursor", queries.DiffRequest{Cursor: w.list(t, queries.Filter{}, queries.Page{Limit: 1}, queries.At{}).NextCursor}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.reader.Diff(t.Context(), tenant, c.request)
			requireInvalid(t, err, c.field)
		})
	}
	kind := func(tenant domain.Tenant, request queries.DiffRequest) domain.Kind {
		_, err := w.reader.Diff(t.Context(), tenant, request)
		return domain.KindOf(err)
	}
	require.Equal(t, domain.NotFound, kind(tenant, queries.DiffRequest{ID: uuid.New()}))
	require.Equal(t, domain.NotFound, kind("other", queries.DiffRequest{ID: id}))
	require.Equal(t, domain.NotFound, kind(tenant, queries.DiffRequest{ID: id, To: queries.AsOf{Time: epoch.Add(-time.Hour)}}))
	require.Equal(t, domain.Unavailable, kind(tenant, queries.DiffRequest{MinSequenceID: 9}))
}
