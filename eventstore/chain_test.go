package eventstore_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
)

func poolOf(t *testing.T, store *eventstore.Store) *pgxpool.Pool {
	t.Helper()
	return eventstore.PoolOf(store)
}

// requireChain reads the whole log back and recomputes it: no hole, no version out of order, created_at never
// backwards, each hash right from what PostgreSQL returns, and the head that of the last event.
func requireChain(t *testing.T, store *eventstore.Store) []eventstore.Event {
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

func TestTheHashCoversEveryColumn(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	_, err := store.Append(t.Context(), writes(uuid.New(), eventstore.None, `{"a":1}`))
	require.NoError(t, err)
	e := requireChain(t, store)[0]
	hash, err := eventstore.ChainHash(eventstore.Hash{}, &e)
	require.NoError(t, err)
	for column, alter := range map[string]func(e *eventstore.Event){
		"tenant_id":      func(e *eventstore.Event) { e.Tenant = "other" },
		"sequence_id":    func(e *eventstore.Event) { e.SequenceID++ },
		"event_id":       func(e *eventstore.Event) { e.ID[15]++ },
		"stream_id":      func(e *eventstore.Event) { e.StreamID[15]++ },
		"version":        func(e *eventstore.Event) { e.Version++ },
		"category":       func(e *eventstore.Event) { e.Category += "x" },
		"event_type":     func(e *eventstore.Event) { e.Type += "x" },
		"schema_version": func(e *eventstore.Event) { e.SchemaVersion++ },
		"agent_id":       func(e *eventstore.Event) { e.AgentID += "x" },
		"user_id":        func(e *eventstore.Event) { e.UserID += "x" },
		"payload":        func(e *eventstore.Event) { e.Payload = json.RawMessage(`{"a":2}`) },
		"metadata":       func(e *eventstore.Event) { e.Metadata = json.RawMessage(`{"actor":"other"}`) },
		"occurred_at":    func(e *eventstore.Event) { e.OccurredAt = e.OccurredAt.Add(1000) },
		"created_at":     func(e *eventstore.Event) { e.CreatedAt = e.CreatedAt.Add(1000) },
	} {
		altered := e
		alter(&altered)
		other, err := eventstore.ChainHash(eventstore.Hash{}, &altered)
		require.NoError(t, err)
		require.NotEqual(t, hash, other, column)
	}
	other, err := eventstore.ChainHash(eventstore.Hash{1}, &e)
	require.NoError(t, err)
	require.NotEqual(t, hash, other, "the hash before")
}

// The hash of a fixed event, so that a change of the form is noticed: logs that exist could not be verified any more.
func TestTheFormOfTheHash(t *testing.T) {
	t.Parallel()
	e := eventstore.Event{
		Tenant: "default", SequenceID: 7, ID: uuid.MustParse("01920000-0000-7000-8000-000000000001"),
		StreamID: uuid.MustParse("01920000-0000-7000-8000-000000000002"), Version: 3, Category: "memory", Type: "memory_remembered", SchemaVersion: 1,
		AgentID: "co\"ach", UserID: "änä", Payload: json.RawMessage(`{"b":1e2,"a":[null,"\u20ac"]}`), Metadata: json.RawMessage(`{"actor":"x"}`),
	}
	hash, err := eventstore.ChainHash(eventstore.Hash{}, &e)
	require.NoError(t, err)
	require.Equal(t, "36c455136d01983a47c61467c76730becdbb53e6e3d5ea8771f7ca834e6c9f5c", hash.String())
}

func TestAnyJSONKeepsItsHash(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	for i, payload := range []string{
		`1e300`, `-0`, `1.0`, `123456789012345678901234567890.5`, `1e-320`, `"\u007f\u2028\ud83d\ude00"`, `{"":{"a":[[]]}}`,
		`{"\ue000":1,"\ud83d\ude00":2}`, `0.1e-5`, `[1E+2,100,1e2]`, `"<>&"`,
	} {
		_, err := store.Append(t.Context(), writes(uuid.New(), eventstore.None, payload))
		require.NoError(t, err, payload)
		want, err := canonjson.Parse([]byte(payload))
		require.NoError(t, err)
		got, err := canonjson.Parse(requireChain(t, store)[i].Payload)
		require.NoError(t, err)
		require.Equal(t, want.String(), got.String())
	}
}

func TestHashText(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(eventstore.Hash{0xab})
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf(`"ab%062d"`, 0), string(text))
	var back eventstore.Hash
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, eventstore.Hash{0xab}, back)
	require.Error(t, json.Unmarshal([]byte(`"ab"`), &back))
	require.Error(t, json.Unmarshal([]byte(fmt.Sprintf(`"zz%062d"`, 0)), &back))
}

func TestTimesAreHashedAsTheirLayoutHasThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const years = 12_000 * 365 * 24 * 3600
		at := time.Unix(rapid.Int64Range(-years/4, years).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).
			In(time.FixedZone("", rapid.IntRange(-50_000, 50_000).Draw(t, "zone")))
		require.Equal(t, at.UTC().Format("2006-01-02T15:04:05.000000Z"), string(eventstore.AppendTime(nil, at)))
	})
}
