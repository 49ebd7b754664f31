package eventstore_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/eventstore"
)

func TestReadLogFilters(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	for i := range 21 {
		c := writes(uuid.New(), eventstore.None, `{}`)
		w := &c.Writes[0]
		w.Category = []string{"", eventstore.CategoryProjection}[i/20]
		w.AgentID, w.UserID = []string{agent, "doctor"}[i%2], []string{"ana", "ben", "ben"}[i/10]
		w.Events[0].Type = []string{"memory_remembered", "memory_revised", "memory_forgotten"}[i%3]
		w.Events[0].Meta.CorrelationID = []string{"", "work"}[min(i/19, 1)]
		store.add(t, c)
	}
	for name, c := range map[string]struct {
		after int64
		f     eventstore.Filter
		limit int
		want  []int64
		next  int64
	}{
		"all memories":    {16, eventstore.Filter{}, 10, []int64{17, 18, 19, 20}, 21},
		"one category":    {0, eventstore.Filter{Categories: []string{eventstore.CategoryProjection}}, 10, []int64{21}, 21},
		"two categories":  {18, eventstore.Filter{Categories: eventstore.Categories()}, 10, []int64{19, 20, 21}, 21},
		"all categories":  {18, eventstore.Filter{Categories: []string{"key", eventstore.AllCategories}}, 10, []int64{19, 20, 21}, 21},
		"a full page":     {0, eventstore.Filter{}, 3, []int64{1, 2, 3}, 3},
		"agent and user":  {0, eventstore.Filter{AgentID: "doctor", UserID: "ben"}, 3, []int64{12, 14, 16}, 16},
		"event types":     {9, eventstore.Filter{EventTypes: []string{"memory_revised", "memory_forgotten"}}, 3, []int64{11, 12, 14}, 14},
		"correlation":     {0, eventstore.Filter{CorrelationID: "work"}, 3, []int64{20}, 21},
		"nothing matches": {0, eventstore.Filter{AgentID: "nobody"}, 3, nil, 21},
		"until":           {2, eventstore.Filter{Until: 4}, 10, []int64{3, 4}, 4},
		"beyond the head": {99, eventstore.Filter{}, 10, nil, 99},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := store.ReadLog(t.Context(), tenant, c.after, c.f, c.limit)
			require.NoError(t, err)
			require.Equal(t, c.want, sequenceIDs(page.Events))
			require.Equal(t, c.next, page.Next)
			require.Equal(t, int64(21), page.Head)
		})
	}
}

func sequenceIDs(events []eventstore.Event) (ids []int64) {
	for _, e := range events {
		ids = append(ids, e.SequenceID)
	}
	return ids
}

func TestReadStreams(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	a, b := uuid.New(), uuid.New()
	for _, id := range []uuid.UUID{a, b, a} {
		store.add(t, writes(id, eventstore.Any, `{}`))
	}
	streams, err := store.ReadStreams(t.Context(), tenant, []uuid.UUID{a, b, uuid.New()})
	require.NoError(t, err)
	require.Len(t, streams, 2)
	require.Equal(t, []int64{1, 3}, sequenceIDs(streams[a]))
	require.Equal(t, []int64{2}, sequenceIDs(streams[b]))
}

func TestPagesAreBoundedInBytes(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	large := `"` + strings.Repeat("x", 1<<20) + `"`
	stream := uuid.New()
	for range 6 {
		store.add(t, writes(stream, eventstore.Any, large))
	}
	page, err := store.ReadLog(t.Context(), tenant, 0, eventstore.Filter{}, 100)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2, 3, 4}, sequenceIDs(page.Events))
	require.True(t, page.More)
	require.Equal(t, int64(4), page.Next)
	page, err = store.ReadLog(t.Context(), tenant, page.Next, eventstore.Filter{}, 100)
	require.NoError(t, err)
	require.Equal(t, []int64{5, 6}, sequenceIDs(page.Events))
	require.False(t, page.More)

	events, more, err := store.ReadStream(t.Context(), tenant, stream, 1, eventstore.Forwards, 100)
	require.NoError(t, err)
	require.Len(t, events, 4)
	require.True(t, more)
	events, more, err = store.ReadStream(t.Context(), tenant, stream, 4, eventstore.Forwards, 100)
	require.NoError(t, err)
	require.Len(t, events, 3)
	require.False(t, more)
}

func TestSequenceAt(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	at, err := store.SequenceAt(t.Context(), tenant, time.Now())
	require.NoError(t, err)
	require.Zero(t, at)
	for range 30 {
		store.add(t, writes(uuid.New(), eventstore.None, `{}`))
	}
	page, err := store.ReadLog(t.Context(), tenant, 0, eventstore.Filter{}, 100)
	require.NoError(t, err)
	for _, e := range page.Events {
		at, err := store.SequenceAt(t.Context(), tenant, e.CreatedAt)
		require.NoError(t, err)
		require.GreaterOrEqual(t, at, e.SequenceID)
		before, err := store.SequenceAt(t.Context(), tenant, e.CreatedAt.Add(-time.Microsecond))
		require.NoError(t, err)
		require.Less(t, before, e.SequenceID)
	}
	at, err = store.SequenceAt(t.Context(), tenant, time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, int64(30), at)
}
