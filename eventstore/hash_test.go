package eventstore_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/eventstore"
)

func TestTheHashCoversEveryColumn(t *testing.T) {
	t.Parallel()
	e := fixedEvent()
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
	e := fixedEvent()
	hash, err := eventstore.ChainHash(eventstore.Hash{}, &e)
	require.NoError(t, err)
	require.Equal(t, "36c455136d01983a47c61467c76730becdbb53e6e3d5ea8771f7ca834e6c9f5c", hash.String())
}

func fixedEvent() eventstore.Event {
	return eventstore.Event{
		Tenant: "default", SequenceID: 7, ID: uuid.MustParse("01920000-0000-7000-8000-000000000001"),
		StreamID: uuid.MustParse("01920000-0000-7000-8000-000000000002"), Version: 3, Category: "memory", Type: "memory_remembered", SchemaVersion: 1,
		AgentID: "co\"ach", UserID: "änä", Payload: json.RawMessage(`{"b":1e2,"a":[null,"\u20ac"]}`), Metadata: json.RawMessage(`{"actor":"x"}`),
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
