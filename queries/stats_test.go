package queries_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/queries"
)

func TestStatsCountsByStateTypeAndScope(t *testing.T) {
	w := setup(t)
	w.add(t, 1, kind("fact"), confidence(0.2), created(epoch.Add(-time.Hour)))
	w.add(t, 2, kind("fact"), confidence(0.6))
	w.add(t, 3, then(forget), confidence(1))
	w.add(t, 4, expires(now), confidence(1))
	w.add(t, 5, scope("bob", "uma"), confidence(0.4), created(epoch.Add(time.Minute)))
	w.add(t, 6, in("other"))
	all, err := w.reader.Stats(t.Context(), tenant, queries.Filter{}, queries.At{})
	require.NoError(t, err)
	require.Equal(t, w.sequence[tenant], all.SequenceID)
	require.False(t, all.Incomplete)
	require.InDelta(t, 0.4, *all.AverageConfidence, 1e-9)
	all.AverageConfidence = nil
	require.Equal(t, queries.Counts{Active: 3, Forgotten: 1, Expired: 1, Total: 5,
		OldestCreatedAt: new(epoch.Add(-time.Hour)), NewestCreatedAt: new(epoch.Add(time.Minute)),
		LastUpdatedAt: new(epoch.Add(time.Minute))}, all.Counts)
	require.Len(t, all.Types, 2)
	require.Equal(t, []any{"observation", int64(1), int64(3)}, []any{all.Types[0].Type, all.Types[0].Active, all.Types[0].Total})
	require.Equal(t, []any{"fact", int64(2), int64(2)}, []any{all.Types[1].Type, all.Types[1].Active, all.Types[1].Total})
	require.Len(t, all.Scopes, 2)
	require.Equal(t, []any{"ada", "uma", int64(4)}, []any{all.Scopes[0].AgentID, all.Scopes[0].UserID, all.Scopes[0].Total})
	require.InDelta(t, 0.4, *all.Scopes[0].AverageConfidence, 1e-9)
	require.Equal(t, []any{"bob", "uma", int64(1)}, []any{all.Scopes[1].AgentID, all.Scopes[1].UserID, all.Scopes[1].Total})

	bob, err := w.reader.Stats(t.Context(), tenant, queries.Filter{AgentID: "bob", UserID: "uma"}, queries.At{})
	require.NoError(t, err)
	require.EqualValues(t, 1, bob.Total)
	require.Len(t, bob.Scopes, 1)
}

func TestStatsOfNothing(t *testing.T) {
	w := setup(t)
	none, err := w.reader.Stats(t.Context(), tenant, queries.Filter{AgentID: "nobody"}, queries.At{})
	require.NoError(t, err)
	require.Equal(t, queries.Stats{Types: []queries.TypeCounts{}, Scopes: []queries.ScopeCounts{}}, none)
	_, err = w.reader.Stats(t.Context(), tenant, queries.Filter{UserID: strings.Repeat("u", 256)}, queries.At{})
	requireInvalid(t, err, "user_id")
}

func TestStatsSaysWhenItDoesNotListAll(t *testing.T) {
	w := setup(t)
	batch := make([]commands.Remember, queries.MaxGroups+2)
	for n := range batch {
		m := w.told([]func(*told){scope(fmt.Sprint("agent ", n%(queries.MaxGroups+1)), "uma")})
		m.remember.Content = canonjson.MustParse("1")
		batch[n] = m.remember
	}
	for some := range slices.Chunk(batch, commands.MaxMemories) {
		_, err := w.handler.RememberBatch(t.Context(), w.told(nil).Request, some)
		require.NoError(t, err)
	}
	w.project(t)
	all, err := w.reader.Stats(t.Context(), tenant, queries.Filter{}, queries.At{})
	require.NoError(t, err)
	require.True(t, all.Incomplete)
	require.Len(t, all.Scopes, queries.MaxGroups)
	require.EqualValues(t, 2, all.Scopes[0].Total, "the largest first")
	require.EqualValues(t, queries.MaxGroups+2, all.Total)
}
