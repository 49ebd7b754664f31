package queries_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

func TestGetReturnsTheMemoryAsItIs(t *testing.T) {
	w := setup(t)
	expiry := now.Add(time.Minute)
	id := w.add(t, map[string]any{"likes": "tea 🍵"}, kind("preference"), confidence(0.25), metadata(`{"topic":"drinks"}`), expires(expiry), valid(epoch, expiry))
	m, sequence, err := w.reader.Get(t.Context(), tenant, id, queries.At{})
	require.NoError(t, err)
	require.EqualValues(t, 1, sequence)
	require.JSONEq(t, `{"likes":"tea 🍵"}`, string(m.Content))
	require.JSONEq(t, `{"topic":"drinks"}`, string(m.Metadata))
	m.Content, m.Metadata = nil, nil
	require.Equal(t, queries.Memory{ID: id, AgentID: "ada", UserID: "uma", Type: "preference", Confidence: 0.25,
		State: "active", Version: 1, SequenceID: 1, CreatedAt: epoch, UpdatedAt: epoch, RecordedAt: epoch, ExpiresAt: &expiry,
		ValidFrom: &epoch, ValidTo: &expiry}, m)
}

func TestGetReturnsWhatIsHidden(t *testing.T) {
	w := setup(t)
	forgotten := w.add(t, "x", then(forget))
	expired := w.add(t, "x", then(expire), expires(now.Add(-time.Hour)))
	require.Equal(t, "forgotten", w.get(t, forgotten, queries.At{}).State)
	require.Equal(t, "expired", w.get(t, expired, queries.At{}).State)
}

func TestAMissingMemoryIsNotFound(t *testing.T) {
	w := setup(t)
	w.add(t, "another")
	id := w.add(t, "x")
	for name, errs := range map[string]map[string]error{
		"unknown":      askAt(t.Context(), w.reader, tenant, uuid.New(), queries.At{}),
		"other tenant": askAt(t.Context(), w.reader, "other", id, queries.At{}),
		"not yet":      askAt(t.Context(), w.reader, tenant, id, asOf(1)),
	} {
		require.Equal(t, domain.NotFound, domain.KindOf(errs["get"]), name)
		require.Equal(t, domain.NotFound, domain.KindOf(errs["history"]), name)
	}
}

func TestMemoryExpiresAtTheVeryInstant(t *testing.T) {
	w := setup(t)
	tick := time.Microsecond
	before, atOnce := w.add(t, "kept word", expires(now.Add(tick))), w.add(t, "lost word", expires(now))
	require.Equal(t, "active", w.get(t, before, queries.At{}).State)
	require.Equal(t, "expired", w.get(t, atOnce, queries.At{}).State)
	for state, want := range map[string][]uuid.UUID{"": {before}, "expired": {atOnce}, "all": {before, atOnce}, "forgotten": nil} {
		require.Equal(t, want, ids(w.list(t, queries.Filter{State: state}, queries.Page{}, queries.At{}).Memories), state)
	}
	require.Equal(t, []uuid.UUID{before}, w.recall(t, queries.SearchRequest{Query: "word"}))
}

func TestByIDsReturnsThoseThatExist(t *testing.T) {
	w := setup(t)
	a, b := w.add(t, "a"), w.add(t, "b", then(forget))
	w.change(t, a, revise(`"a2"`))
	found, sequence, err := w.reader.ByIDs(t.Context(), tenant, []uuid.UUID{a, b, uuid.New()}, queries.At{})
	require.NoError(t, err)
	require.EqualValues(t, 4, sequence)
	require.Len(t, found, 2)
	require.JSONEq(t, `"a2"`, string(found[a].Content))
	require.Equal(t, "forgotten", found[b].State)

	found, _, err = w.reader.ByIDs(t.Context(), tenant, []uuid.UUID{a, b}, asOf(1))
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.JSONEq(t, `"a"`, string(found[a].Content))

	_, _, err = w.reader.ByIDs(t.Context(), tenant, make([]uuid.UUID, queries.MaxIDs+1), queries.At{})
	requireInvalid(t, err, "ids")
}
