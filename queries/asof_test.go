package queries_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

func TestAsOfShowsEachVersionWhileItWasCurrent(t *testing.T) {
	w := setup(t)
	w.add(t, "another")                 // 1
	id := w.add(t, "first")             // 2
	w.add(t, "another")                 // 3
	w.change(t, id, revise(`"second"`)) // 4
	w.change(t, id, forget)             // 5
	w.change(t, id, restore)            // 6
	for sequence, want := range []string{2: "first", 3: "first", 4: "second", 5: "forgotten", 6: "second"} {
		if want == "" {
			continue
		}
		for name, when := range map[string]queries.At{
			"sequence": asOf(int64(sequence)), "instant": asOfTime(recorded(sequence)),
			"moment before the next": asOfTime(recorded(sequence + 1).Add(-time.Microsecond)),
		} {
			m, reflects, err := w.reader.Get(t.Context(), tenant, id, when)
			require.NoError(t, err, "%s %d", name, sequence)
			require.EqualValues(t, sequence, reflects, name)
			if want == "forgotten" {
				require.Equal(t, "forgotten", m.State)
			} else {
				require.JSONEq(t, strconv.Quote(want), string(m.Content))
			}
		}
	}
	for _, when := range []queries.At{asOf(1), asOfTime(recorded(1)), asOfTime(recorded(2).Add(-time.Microsecond)), asOfTime(epoch.AddDate(-1, 0, 0))} {
		_, _, err := w.reader.Get(t.Context(), tenant, id, when)
		require.Equal(t, domain.NotFound, domain.KindOf(err))
	}
}

func TestAsOfListsWhatWasKnownThen(t *testing.T) {
	w := setup(t)
	a, b := w.add(t, "a", confidence(0.9)), w.add(t, "b", confidence(0.1)) // 1, 2
	w.change(t, a, adjust(0.2))                                            // 3
	w.change(t, b, forget)                                                 // 4
	c := w.add(t, "c", confidence(0.5))                                    // 5
	for sequence, want := range map[int64][]uuid.UUID{1: {a}, 2: {b, a}, 3: {b, a}, 4: {a}, 5: {a, c}} {
		var all []queries.Memory
		page := queries.Page{Order: queries.ByConfidence, Limit: 1}
		for {
			result, err := w.reader.List(t.Context(), tenant, queries.Filter{}, page, asOf(sequence))
			require.NoError(t, err)
			require.Equal(t, sequence, result.SequenceID)
			all = append(all, result.Memories...)
			if page.Cursor = result.NextCursor; page.Cursor == "" {
				break
			}
		}
		require.Equal(t, want, ids(all), "as of %d", sequence)
	}
	high := queries.Filter{MinConfidence: pointer(0.8)}
	list, err := w.reader.List(t.Context(), tenant, high, queries.Page{}, asOf(2))
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{a}, ids(list.Memories), "the filter sees the version of then")
	list, err = w.reader.List(t.Context(), tenant, high, queries.Page{}, asOf(3))
	require.NoError(t, err)
	require.Empty(t, list.Memories)
}

func TestAsOfDecidesWhatHasExpiredAtThatMoment(t *testing.T) {
	w := setup(t)
	id := w.add(t, "x", expires(recorded(3))) // 1
	w.add(t, "y")                             // 2
	w.add(t, "z")                             // 3, at the instant of the expiry
	w.change(t, id, expire)                   // 4
	for when, want := range map[queries.At]string{
		asOf(2): "active", asOf(3): "expired", asOf(4): "expired",
		asOfTime(recorded(3).Add(-time.Microsecond)): "active", asOfTime(recorded(3)): "expired",
	} {
		m, _, err := w.reader.Get(t.Context(), tenant, id, when)
		require.NoError(t, err)
		require.Equal(t, want, m.State, "%+v", when)
	}
}

func TestAsOfAFutureMomentMeansNow(t *testing.T) {
	w := setup(t)
	id := w.add(t, "x", expires(now.Add(time.Hour)))
	m, sequence, err := w.reader.Get(t.Context(), tenant, id, asOfTime(now.AddDate(1, 0, 0)))
	require.NoError(t, err)
	require.Equal(t, "active", m.State, "nobody knows what will be done about its expiry")
	require.EqualValues(t, 1, sequence)
}

func TestAsOfOfAnEmptyTenantIsEmpty(t *testing.T) {
	w := setup(t)
	list, err := w.reader.List(t.Context(), tenant, queries.Filter{}, queries.Page{}, asOfTime(epoch))
	require.NoError(t, err)
	require.Empty(t, list.Memories)
	require.Zero(t, list.SequenceID)
}

// The past is what the log says, not what a projection has got to.
func TestAsOfIsNeverThePastOfAProjectionThatIsBehind(t *testing.T) {
	w := setup(t, func(c *queries.Config) { c.WaitLimit = time.Millisecond })
	a := w.add(t, "a")  // 1
	b := w.tell(t, "b") // 2
	list := func(at queries.At) ([]uuid.UUID, error) {
		result, err := w.reader.List(t.Context(), tenant, queries.Filter{}, queries.Page{}, at)
		return ids(result.Memories), err
	}
	moments := []queries.At{asOf(2), asOfTime(recorded(2)), asOfTime(recorded(2).Add(time.Minute)), asOfTime(now.AddDate(1, 0, 0))}
	for _, when := range moments {
		_, err := list(when)
		require.Equal(t, domain.Unavailable, domain.KindOf(err), "%+v", when)
		require.ErrorContains(t, err, "the projection agent_memories is at 1, 1 behind the 2 that was asked for")
		_, _, err = w.reader.Get(t.Context(), tenant, a, when)
		require.Equal(t, domain.Unavailable, domain.KindOf(err), "%+v", when)
		_, err = w.reader.History(t.Context(), tenant, a, queries.HistoryPage{}, when)
		require.Equal(t, domain.Unavailable, domain.KindOf(err), "%+v", when)
	}
	before := asOfTime(recorded(2).Add(-time.Microsecond))
	found, err := list(before)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{a}, found)

	w.project(t)
	for _, when := range moments {
		found, err = list(when)
		require.NoError(t, err)
		require.Equal(t, []uuid.UUID{a, b}, found, "%+v", when)
	}
	found, err = list(before)
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{a}, found)
}

func TestAsOfWaitsForTheProjection(t *testing.T) {
	w := setup(t, func(c *queries.Config) { c.Poll, c.WaitLimit = time.Millisecond, time.Hour })
	a := w.add(t, "a")
	b := w.tell(t, "b")
	answered := make(chan []uuid.UUID, 1)
	go func() {
		result, err := w.reader.List(context.Background(), tenant, queries.Filter{}, queries.Page{}, asOfTime(recorded(2)))
		if err != nil {
			t.Error(err)
		}
		answered <- ids(result.Memories)
	}()
	w.project(t)
	require.Equal(t, []uuid.UUID{a, b}, <-answered)
}

func TestAsOfRefusesOtherThanOneValidMoment(t *testing.T) {
	w := setup(t)
	for _, when := range []queries.AsOf{
		{SequenceID: -1}, {SequenceID: 1}, {SequenceID: 1, Time: epoch}, {Time: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		_, err := w.reader.List(t.Context(), tenant, queries.Filter{}, queries.Page{}, at(when))
		requireInvalid(t, err, "as_of")
	}
	_, err := w.reader.List(t.Context(), tenant, queries.Filter{}, queries.Page{}, atLeast(-1))
	requireInvalid(t, err, "min_sequence_id")
}
