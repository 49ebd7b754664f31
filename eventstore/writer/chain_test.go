package writer_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
)

// requireChain reads the whole log back and recomputes it: no hole, no version out of order, created_at never
// backwards, each hash right from what PostgreSQL returns, and the head that of the last event.
func requireChain(t *testing.T, store logStore) []eventstore.Event {
	t.Helper()
	var all []eventstore.Event
	versions := map[uuid.UUID]int{}
	var last eventstore.Event
	for after := int64(0); ; {
		page, err := store.ReadLog(t.Context(), tenant, after, eventstore.Filter{Categories: []string{eventstore.AllCategories}}, 1000)
		require.NoError(t, err)
		for _, e := range page.Events {
			require.Equal(t, last.SequenceID+1, e.SequenceID)
			versions[e.StreamID]++
			require.Equal(t, versions[e.StreamID], e.Version)
			require.False(t, e.CreatedAt.Before(last.CreatedAt))
			hash, err := eventstore.ChainHash(last.Hash, &e)
			require.NoError(t, err)
			require.Equal(t, hash, e.Hash, "event %d", e.SequenceID)
			last = e
		}
		all = append(all, page.Events...)
		if page.Next == after || len(page.Events) < 1000 {
			break
		}
		after = page.Next
	}
	head, err := store.Head(t.Context(), tenant)
	require.NoError(t, err)
	require.Equal(t, last.SequenceID, head.SequenceID)
	require.Equal(t, last.Hash, head.Hash)
	return all
}

func TestAnyJSONKeepsItsHash(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	for i, payload := range []string{
		`1e300`, `-0`, `1.0`, `123456789012345678901234567890.5`, `1e-320`, `"\u007f\u2028\ud83d\ude00"`, `{"":{"a":[[]]}}`,
		`{"\ue000":1,"\ud83d\ude00":2}`, `0.1e-5`, `[1E+2,100,1e2]`, `"<>&"`,
	} {
		store.add(t, writes(uuid.New(), eventstore.None, payload))
		want, err := canonjson.Parse([]byte(payload))
		require.NoError(t, err)
		got, err := canonjson.Parse(requireChain(t, store)[i].Payload)
		require.NoError(t, err)
		require.Equal(t, want.String(), got.String())
	}
}
