package queries_test

import (
	"fmt"
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
		all := w.walk(t, queries.Page{Order: queries.ByConfidence, Limit: 1}, asOf(sequence), func() {})
		require.Equal(t, want, ids(all), "as of %d", sequence)
		require.Equal(t, sequence, w.list(t, queries.Filter{}, queries.Page{}, asOf(sequence)).SequenceID)
	}
	high := queries.Filter{MinConfidence: new(0.8)}
	require.Equal(t, []uuid.UUID{a}, ids(w.list(t, high, queries.Page{}, asOf(2)).Memories), "the filter sees the version of then")
	require.Empty(t, w.list(t, high, queries.Page{}, asOf(3)).Memories)
}

// What is asked about the past is answered as the same was answered then, to the letter.
func TestAsOfAnswersWhatTheSameCallAnsweredThen(t *testing.T) {
	clock := epoch
	w := setup(t, func(c *queries.Config) { c.Now = func() time.Time { return clock } })
	var kept []map[string]any
	ask := func(at queries.At) map[string]any {
		all := map[string]any{}
		for _, agent := range []string{"", "ada", "bob"} {
			stats, err := w.reader.Stats(t.Context(), tenant, queries.Filter{AgentID: agent}, at)
			require.NoError(t, err)
			all["stats "+agent] = stats
			for _, days := range []int{1, 2, 400} {
				recent, err := w.reader.Recent(t.Context(), tenant, queries.Filter{AgentID: agent}, days, 2, at)
				require.NoError(t, err)
				recent.NextCursor = "" // it names the as of
				all[fmt.Sprint("recent ", agent, days)] = recent
			}
			page := queries.Page{Order: queries.ByUpdated, Limit: 3}
			list := w.list(t, queries.Filter{AgentID: agent}, page, at)
			list.NextCursor = ""
			all["list "+agent] = list
		}
		for _, m := range w.list(t, queries.Filter{State: "all"}, queries.Page{}, at).Memories {
			all["get "+m.ID.String()] = w.get(t, m.ID, at)
			history, err := w.reader.History(t.Context(), tenant, m.ID, queries.HistoryPage{}, at)
			require.NoError(t, err)
			all["history "+m.ID.String()] = history
		}
		return all
	}
	keep := func() {
		clock = recorded(int(w.sequence[tenant]))
		kept = append(kept, ask(queries.At{}))
	}
	var all []uuid.UUID
	for i := range 9 {
		agent := []string{"ada", "bob"}[i%2]
		options := []func(*told){scope(agent, "uma"), confidence(float64(i) / 9), created(epoch.Add(-time.Duration(i) * 9 * time.Hour))}
		if i%3 == 0 {
			options = append(options, expires(recorded(2*i+3)))
		}
		all = append(all, w.add(t, i, options...))
		keep()
	}
	for i, do := range []change{adjust(0.1), revise(`"new"`), forget, adjust(1. / 3), forget, revise(`7`), adjust(0.9)} {
		w.change(t, all[[]int{1, 2, 4, 5, 7, 8, 8}[i]], do)
		keep()
	}
	w.change(t, all[3], expire)
	keep()
	w.change(t, all[3], restore)
	keep()
	clock = now
	for i, then := range kept {
		require.Equal(t, then, ask(asOf(int64(i+1))), "as of %d", i+1)
		require.Equal(t, then, ask(asOfTime(recorded(i+1))), "as of the moment of %d", i+1)
	}
}

func TestAsOfDecidesWhatHasExpiredAtThatMoment(t *testing.T) {
	w := setup(t)
	id := w.add(t, "x", expires(recorded(3))) // 1
	w.add(t, "y")                             // 2
	w.add(t, "z")                             // 3, at the instant of the expiry
	w.change(t, id, expire)                   // 4
	for at, want := range map[queries.At]string{
		asOf(2): "active", asOf(3): "expired", asOf(4): "expired",
		asOfTime(recorded(3).Add(-time.Microsecond)): "active", asOfTime(recorded(3)): "expired",
	} {
		require.Equal(t, want, w.get(t, id, at).State, "%+v", at)
	}
}

func TestAsOfAFutureMomentMeansNow(t *testing.T) {
	w := setup(t)
	id := w.add(t, "x", expires(now.Add(time.Hour)))
	m, sequence, err := w.reader.Get(t.Context(), tenant, id, asOfTime(now.AddDate(1, 0, 0)))
	require.NoError(t, err)
	require.Equal(t, "active", m.State, "nobody knows yet whether it will expire")
	require.EqualValues(t, 1, sequence)
}

// The log decides what the past was, not how far a projection got.
func TestAsOfFailsWhileTheProjectionIsBehind(t *testing.T) {
	w := setup(t, func(c *queries.Config) { c.WaitLimit = time.Millisecond })
	a := w.add(t, "a")  // 1
	b := w.tell(t, "b") // 2
	list := func(at queries.At) []uuid.UUID {
		return ids(w.list(t, queries.Filter{}, queries.Page{}, at).Memories)
	}
	moments := []queries.At{asOf(2), asOfTime(recorded(2)), asOfTime(recorded(2).Add(time.Minute)), asOfTime(now.AddDate(1, 0, 0))}
	for _, at := range moments {
		for name, err := range askAt(t.Context(), w.reader, tenant, a, at) {
			require.Equal(t, domain.Unavailable, domain.KindOf(err), "%s %+v", name, at)
			require.ErrorContains(t, err, "the projection agent_memories is at event 1, 1 behind event 2")
		}
	}
	before := asOfTime(recorded(2).Add(-time.Microsecond))
	require.Equal(t, []uuid.UUID{a}, list(before))
	w.project(t)
	for _, at := range moments {
		require.Equal(t, []uuid.UUID{a, b}, list(at), "%+v", at)
	}
	require.Equal(t, []uuid.UUID{a}, list(before))
}

func TestAsOfRefusesOtherThanOneValidMoment(t *testing.T) {
	w := setup(t)
	for at, field := range map[queries.At]string{
		asOf(-1): "as_of", asOf(1): "as_of", {AsOf: queries.AsOf{SequenceID: 1, Time: epoch}}: "as_of",
		asOfTime(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)): "as_of", atLeast(-1): "min_sequence_id",
	} {
		_, err := w.reader.List(t.Context(), tenant, queries.Filter{}, queries.Page{}, at)
		requireInvalid(t, err, field)
	}
}
