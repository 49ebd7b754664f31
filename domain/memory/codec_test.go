package memory_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

// golden holds events as they are stored in logs. Once there is a release, a change here changes history: add a schema
// version instead.
func golden() []struct {
	event                   memory.Event
	name, payload, contents string
} {
	return []struct {
		event                   memory.Event
		name, payload, contents string
	}{
		{remembered(), "memory_remembered", `{"agent_id":"coach","confidence":0.5,"expires_at":null,"memory_type":"fact","user_id":"ana"}`, `{"content":{"likes":"tea"},"metadata":{}}`},
		{memory.Revised{Type: "fact", Content: canonjson.MustParse(`1`), Metadata: canonjson.MustParse(`{}`), Changed: []string{"content"}}, "memory_revised", `{"changed":["content"],"memory_type":"fact"}`, `{"content":1,"metadata":{}}`},
		{memory.Revised{Type: "fact", Content: canonjson.MustParse(`1`), Metadata: canonjson.MustParse(`{}`), ValidFrom: &morning, ValidTo: &noon, Changed: []string{"valid_to"}}, "memory_revised", `{"changed":["valid_to"],"memory_type":"fact","valid_from":"2026-03-01T08:00:00.000000Z","valid_to":"2026-03-01T12:00:00.000000Z"}`, `{"content":1,"metadata":{}}`},
		{memory.ConfidenceAdjusted{From: 0.5, To: 1}, "memory_confidence_adjusted", `{"from":0.5,"to":1}`, ``},
		{memory.EvidenceRecorded{Supports: true, Weight: 0.1, Note: "n", From: 0.5, To: 0.55}, "memory_evidence_recorded", `{"from":0.5,"supports":true,"to":0.55,"weight":0.1}`, `{"note":"n"}`},
		{memory.EvidenceRecorded{From: 0.5, To: 0.5}, "memory_evidence_recorded", `{"from":0.5,"supports":false,"to":0.5,"weight":0}`, ``},
		{memory.ExpirySet{ExpiresAt: new(noon)}, "memory_expiry_set", `{"expires_at":"2026-03-01T12:00:00.000000Z"}`, ``},
		{memory.ExpirySet{}, "memory_expiry_set", `{"expires_at":null}`, ``},
		{memory.Forgotten{}, "memory_forgotten", `{}`, ``},
		{memory.Restored{}, "memory_restored", `{"expires_at":null}`, ``},
		{memory.Expired{ExpiresAt: noon}, "memory_expired", `{"expires_at":"2026-03-01T12:00:00.000000Z"}`, ``},
	}
}

func TestCodec(t *testing.T) {
	t.Parallel()
	for _, c := range golden() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			encoded := memory.Encode(c.event)
			require.Equal(t, c.name, encoded.Type)
			require.Equal(t, 1, encoded.SchemaVersion)
			require.Equal(t, c.payload, encoded.Payload.String())
			require.Equal(t, c.contents, encoded.Contents.String())
			back, err := memory.Decode(c.name, 1, encoded.Payload.Raw(), encoded.Contents.Raw())
			require.NoError(t, err)
			require.Equal(t, c.event, back)
		})
	}
}

func TestRememberedRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("aé\"\\\n<😀 ")), 1, 20, -1)
		told := memory.Remembered{Fields: memory.Fields{
			AgentID: text.Draw(t, "agent"), UserID: text.Draw(t, "user"), Type: text.Draw(t, "type"),
			Content: canonjson.Text(text.Draw(t, "content")), Confidence: rapid.Float64Range(0, 1).Draw(t, "confidence"),
			Metadata: canonjson.NewObject(nil).Text("a", text.Draw(t, "metadata")).Done(),
		}}
		if rapid.Bool().Draw(t, "expires") {
			told.ExpiresAt = new(time.UnixMicro(rapid.Int64Range(0, 1e16).Draw(t, "at")).UTC())
		}
		if rapid.Bool().Draw(t, "ends") {
			told.ValidTo = new(time.UnixMicro(rapid.Int64Range(0, 1e16).Draw(t, "valid_to")).UTC())
		}
		encoded := memory.Encode(told)
		back, err := memory.Decode(memory.TypeRemembered, encoded.SchemaVersion, encoded.Payload.Raw(), encoded.Contents.Raw())
		require.NoError(t, err)
		require.Equal(t, told, back)
	})
}

func TestErasedContentsAreNull(t *testing.T) {
	t.Parallel()
	m := &memory.Memory{}
	for _, c := range golden() {
		committed := canonjson.MustParse(c.payload).With("contents", canonjson.MustParse(`{"bytes":1,"sha256":"00"}`))
		event, err := memory.Decode(c.name, 1, committed.Raw(), nil)
		require.NoError(t, err, c.name)
		received, err := memory.Decode(c.name, 1, committed.Raw(), json.RawMessage("null"))
		require.NoError(t, err, c.name)
		require.Equal(t, event, received, "as in a message")
		m.Apply(id, event, noon)
	}
	require.Equal(t, "null", m.Snapshot().Content.String())
	require.Equal(t, "{}", m.Snapshot().Metadata.String())
	require.Equal(t, "fact", m.Snapshot().Type)
	require.InDelta(t, 0.5, m.Snapshot().Confidence, 0)
}

func TestDecodeIgnoresTheReason(t *testing.T) {
	t.Parallel()
	event, err := memory.Decode("memory_forgotten", 1, json.RawMessage(`{"contents":{"bytes":20,"sha256":"00"}}`), json.RawMessage(`{"reason":"not true"}`))
	require.NoError(t, err)
	require.Equal(t, memory.Forgotten{}, event)
}

func TestDecodeRejectsUnknownEventsAndVersions(t *testing.T) {
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
			_, err := memory.Decode(c.eventType, c.version, json.RawMessage(`{}`), nil)
			unknown, ok := errors.AsType[*memory.UnknownEventError](err)
			require.True(t, ok)
			require.Equal(t, memory.UnknownEventError{Type: c.eventType, SchemaVersion: c.version}, *unknown)
		})
	}
	for problem, c := range map[string]struct{ eventType, payload, contents string }{
		"decode memory_forgotten: surprise: unknown member":            {"memory_forgotten", `{"surprise":1}`, ``},
		"decode contents of memory_forgotten: content: unknown member": {"memory_forgotten", `{}`, `{"content":1}`},
		"decode memory_remembered: content: unknown member":            {"memory_remembered", `{"content":1}`, ``},
		"decode memory_revised: must be a JSON object":                 {"memory_revised", `[]`, ``},
		"decode memory_revised: memory_type: must be a string":         {"memory_revised", `{"memory_type":1}`, ``},
		"decode contents of memory_revised: must be a JSON object":     {"memory_revised", `{}`, `1`},
		"decode memory_confidence_adjusted: to: must be a number":      {"memory_confidence_adjusted", `{"to":"high"}`, ``},
	} {
		var contents json.RawMessage
		if c.contents != "" {
			contents = json.RawMessage(c.contents)
		}
		event, err := memory.Decode(c.eventType, 1, json.RawMessage(c.payload), contents)
		require.ErrorContains(t, err, problem)
		require.Nil(t, event)
	}
}

// Repeated commands are compared by their JSON, so it must contain every field.
func TestDifferentDraftsHaveDifferentJSON(t *testing.T) {
	t.Parallel()
	null := canonjson.Null()
	seen := map[string]bool{}
	for _, v := range []interface{ JSON() canonjson.Value }{
		memory.Draft{}, memory.Draft{AgentID: "x"}, memory.Draft{UserID: "x"}, memory.Draft{Type: "x"}, memory.Draft{Content: null},
		memory.Draft{Confidence: new(0.0)}, memory.Draft{Metadata: null}, memory.Draft{ExpiresAt: new(noon)}, memory.Draft{AgentID: "\x00\xff"},
		memory.Revision{}, memory.Revision{Type: new("")}, memory.Revision{Content: null}, memory.Revision{Metadata: null},
		memory.Evidence{}, memory.Evidence{Supports: true}, memory.Evidence{Weight: new(0.0)}, memory.Evidence{Note: "x"},
	} {
		json := v.JSON().String()
		require.False(t, seen[json], json)
		seen[json] = true
	}
}

func FuzzDecode(f *testing.F) {
	for _, c := range golden() {
		f.Add(c.name, 1, []byte(c.payload), []byte(c.contents))
	}
	f.Fuzz(func(t *testing.T, eventType string, version int, payload, contents []byte) {
		event, err := memory.Decode(eventType, version, payload, contents)
		if err != nil {
			return
		}
		m := &memory.Memory{}
		m.Apply(uuid.Nil, event, noon)
		encoded := memory.Encode(event)
		require.Equal(t, eventType, encoded.Type)
		_, err = memory.Decode(eventType, encoded.SchemaVersion, encoded.Payload.Raw(), encoded.Contents.Raw())
		require.NoError(t, err)
	})
}
