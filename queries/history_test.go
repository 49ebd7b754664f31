package queries_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/queries"
)

func TestHistoryTellsEveryVersionWithWhoAndWhy(t *testing.T) {
	w := setup(t)
	id := w.add(t, "first", because("ada", "told so"))               // 1
	w.add(t, "another")                                              // 2
	w.change(t, id, revise(`"second"`), because("bob", "was wrong")) // 3
	w.change(t, id, forget, because("c", ""))                        // 4
	result, err := w.reader.History(t.Context(), tenant, id, queries.HistoryPage{}, queries.At{})
	require.NoError(t, err)
	require.EqualValues(t, 4, result.SequenceID)
	require.Zero(t, result.NextAfterVersion)
	require.Len(t, result.Versions, 3)
	for i, want := range []queries.Version{
		{EventType: "memory_remembered", Actor: "ada", Reason: "told so", SupersededAt: new(recorded(3)), SupersededSequenceID: 3},
		{EventType: "memory_revised", Actor: "bob", Reason: "was wrong", SupersededAt: new(recorded(4)), SupersededSequenceID: 4},
		{EventType: "memory_forgotten", Actor: "c"},
	} {
		got := result.Versions[i]
		require.Equal(t, i+1, got.Memory.Version)
		require.Equal(t, id, got.Memory.ID)
		require.JSONEq(t, []string{`"first"`, `"second"`, `"second"`}[i], string(got.Memory.Content))
		require.Equal(t, []string{"active", "active", "forgotten"}[i], got.Memory.State)
		require.EqualValues(t, []int{1, 3, 4}[i], got.Memory.SequenceID)
		require.Equal(t, recorded([]int{1, 3, 4}[i]), got.Memory.RecordedAt)
		got.Memory = queries.Memory{}
		require.Equal(t, want, got)
	}

	for _, sequence := range []int64{3, 2} {
		then, err := w.reader.History(t.Context(), tenant, id, queries.HistoryPage{}, asOf(sequence))
		require.NoError(t, err)
		want := slices.Clone(result.Versions[:sequence-1])
		want[sequence-2].SupersededAt, want[sequence-2].SupersededSequenceID = nil, 0
		require.Equal(t, want, then.Versions, "the last one was current then")
		require.Equal(t, sequence, then.SequenceID)
	}
}

func TestHistoryComesInPages(t *testing.T) {
	w := setup(t)
	id := w.add(t, "x")
	for i := range 4 {
		w.change(t, id, adjust(float64(i)/10))
	}
	var versions []int
	for page := (queries.HistoryPage{Limit: 2}); ; {
		result, err := w.reader.History(t.Context(), tenant, id, page, queries.At{})
		require.NoError(t, err)
		for _, v := range result.Versions {
			versions = append(versions, v.Memory.Version)
		}
		if page.AfterVersion = result.NextAfterVersion; page.AfterVersion == 0 {
			break
		}
	}
	require.Equal(t, []int{1, 2, 3, 4, 5}, versions)
}

func TestHistoryRefusesBadPages(t *testing.T) {
	w := setup(t)
	for field, page := range map[string]queries.HistoryPage{"limit": {Limit: 1001}, "after_version": {AfterVersion: -1}} {
		_, err := w.reader.History(t.Context(), tenant, uuid.New(), page, queries.At{})
		requireInvalid(t, err, field)
	}
}

func TestRecentReturnsTheLatestFirst(t *testing.T) {
	w := setup(t)
	day := 24 * time.Hour
	w.add(t, "old", created(now.Add(-9*day)), updated(now.Add(-8*day)))
	changed := w.add(t, "changed", created(now.Add(-9*day)), updated(now.Add(-2*day)))
	fresh := w.add(t, "new", created(now.Add(-day)), updated(now.Add(-day)))
	w.add(t, "forgotten", then(forget))
	bob := w.add(t, "of bob", scope("bob", "uma"))
	for _, c := range []struct {
		agent, user string
		days, limit int
		want        []uuid.UUID
	}{
		{"", "", 7, 0, []uuid.UUID{bob, fresh, changed}},
		{"ada", "", 7, 0, []uuid.UUID{fresh, changed}},
		{"ada", "uma", 1, 0, []uuid.UUID{fresh}},
		{"", "uma", 7, 1, []uuid.UUID{bob}},
	} {
		result, err := w.reader.Recent(t.Context(), tenant, queries.Filter{AgentID: c.agent, UserID: c.user}, c.days, c.limit, queries.At{})
		require.NoError(t, err)
		require.Equal(t, c.want, ids(result.Memories))
	}
	for _, days := range []int{0, -1, queries.MaxDays + 1} {
		_, err := w.reader.Recent(t.Context(), tenant, queries.Filter{}, days, 0, queries.At{})
		requireInvalid(t, err, "days")
	}
	_, err := w.reader.Recent(t.Context(), tenant, queries.Filter{AgentID: strings.Repeat("a", 101)}, 1, 0, queries.At{})
	requireInvalid(t, err, "agent_id")
}
