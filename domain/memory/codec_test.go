package memory_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/memory"
)

// The payloads as they stand in logs that exist. A change here is a change to history: add a schema version instead.
func golden() map[string]struct {
	event   memory.Event
	version int
	payload string
} {
	return map[string]struct {
		event   memory.Event
		version int
		payload string
	}{
		"memory_remembered":          {remembered(), 1, `{"agent_id":"coach","user_id":"ana","memory_type":"fact","content":{"likes":"tea"},"confidence":0.5,"metadata":{},"expires_at":null}`},
		"memory_revised":             {memory.Revised{Type: "fact", Content: json.RawMessage(`1`), Metadata: json.RawMessage(`{}`), Changed: []string{"content"}}, 2, `{"memory_type":"fact","content":1,"metadata":{},"changed":["content"]}`},
		"memory_confidence_adjusted": {memory.ConfidenceAdjusted{From: 0.5, To: 1}, 1, `{"from":0.5,"to":1}`},
		"memory_evidence_recorded":   {memory.EvidenceRecorded{Supports: true, Weight: 0.1, Note: "n", From: 0.5, To: 0.55}, 1, `{"supports":true,"weight":0.1,"note":"n","from":0.5,"to":0.55}`},
		"memory_expiry_set":          {memory.ExpirySet{ExpiresAt: ptr(noon)}, 1, `{"expires_at":"2026-03-01T12:00:00Z"}`},
		"memory_forgotten":           {memory.MarkedForgotten{}, 1, `{}`},
		"memory_restored":            {memory.Restored{}, 1, `{"expires_at":null}`},
		"memory_expired":             {memory.MarkedExpired{ExpiresAt: noon}, 1, `{"expires_at":"2026-03-01T12:00:00Z"}`},
	}
}

func TestCodec(t *testing.T) {
	t.Parallel()
	for name, c := range golden() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, name, c.event.EventType())
			payload, version, err := memory.Encode(c.event)
			require.NoError(t, err)
			require.Equal(t, c.version, version)
			require.JSONEq(t, c.payload, string(payload))
			back, err := memory.Decode(name, version, payload)
			require.NoError(t, err)
			require.Equal(t, c.event, back)
		})
	}
}

func TestDecodeUpcasts(t *testing.T) {
	t.Parallel()
	event, err := memory.Decode("memory_revised", 1, json.RawMessage(`{"memory_type":"fact","content":[1],"metadata":{"a":2}}`))
	require.NoError(t, err)
	require.Equal(t, memory.Revised{
		Type: "fact", Content: json.RawMessage(`[1]`), Metadata: json.RawMessage(`{"a":2}`), Changed: []string{},
	}, event)
}

func TestDecodeStopsAtWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		eventType string
		version   int
	}{
		"event of the future":   {"memory_dreamt", 1},
		"version of the future": {"memory_forgotten", 2},
		"version 0":             {"memory_forgotten", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := memory.Decode(c.eventType, c.version, json.RawMessage(`{}`))
			unknown, ok := errors.AsType[*memory.UnknownEventError](err)
			require.True(t, ok)
			require.Equal(t, memory.UnknownEventError{Type: c.eventType, SchemaVersion: c.version}, *unknown)
		})
	}
	_, err := memory.Decode("memory_forgotten", 1, json.RawMessage(`{"surprise":1}`))
	require.ErrorContains(t, err, "decode memory_forgotten")
	_, err = memory.Decode("memory_revised", 1, json.RawMessage(`[]`))
	require.ErrorContains(t, err, "upcast memory_revised from schema version 1")
}

func FuzzDecode(f *testing.F) {
	for name, c := range golden() {
		f.Add(name, c.version, []byte(c.payload))
	}
	f.Add("memory_revised", 1, []byte(`{}`))
	f.Fuzz(func(t *testing.T, eventType string, version int, payload []byte) {
		event, err := memory.Decode(eventType, version, payload)
		if err != nil {
			return
		}
		require.Equal(t, eventType, event.EventType())
		(&memory.Memory{}).Apply(id, event, noon)
	})
}
