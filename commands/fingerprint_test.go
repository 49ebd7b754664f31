package commands

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

func withID(r Request) Request {
	r.Meta = domain.Meta{CommandID: "c"}
	return r
}

func TestDifferentCommandsHaveDifferentFingerprints(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	confidence := 0.5
	told := func(r Remember) func() canonjson.Value { return r.json }
	seen := map[eventstore.Hash]int{}
	for i, c := range []struct {
		req  Request
		name string
		id   uuid.UUID
		body func() canonjson.Value
	}{
		{name: "forget"},
		{name: "restore"},
		{name: "forget", req: Request{ExpectedVersion: 1}},
		{name: "forget", req: Request{Reason: "why"}},
		{name: "forget", id: uuid.New()},
		{name: "forget", body: canonjson.EmptyObject},
		{name: "remember", body: told(Remember{})},
		{name: "remember", body: told(Remember{Draft: memory.Draft{Content: canonjson.Null()}})},
		{name: "remember", body: told(Remember{Draft: memory.Draft{Confidence: &confidence}})},
		{name: "remember", body: told(Remember{Draft: memory.Draft{ValidFrom: &moment}})},
		{name: "remember", body: told(Remember{Draft: memory.Draft{ValidTo: &moment}})},
		{name: "revise", body: memory.Revision{}.JSON},
		{name: "revise", body: memory.Revision{ValidTo: domain.SetTime(nil)}.JSON},
		{name: "revise", body: memory.Revision{ValidTo: domain.SetTime(&moment)}.JSON},
		{name: "revise", body: memory.Revision{ValidFrom: domain.SetTime(&moment)}.JSON},
		{name: "remember", body: told(Remember{ID: &uuid.Nil})},
		{name: "remember", body: told(Remember{OccurredAt: &moment})},
		{name: "remember", body: told(Remember{Reason: "why"})},
	} {
		_, command, err := prepare(withID(c.req), c.name, c.id, c.body)
		require.NoError(t, err)
		other, ok := seen[command.Fingerprint]
		require.False(t, ok, "%d and %d", i, other)
		seen[command.Fingerprint] = i
	}
}

// Fingerprints are stored as long as the log: a newer version must recognize a repeated command.
func TestFingerprintsNeverChange(t *testing.T) {
	t.Parallel()
	moment := time.Date(2026, 3, 1, 8, 0, 0, 120000, time.FixedZone("", 3600))
	for _, spelling := range []string{`{"a":1.5,"b":"é"}`, ` {"b": "\u00e9", "a" : 1.50}`} {
		r := Remember{Draft: memory.Draft{AgentID: "a", UserID: "u\"", Content: canonjson.MustParse(spelling)}, OccurredAt: &moment}
		_, command, err := prepare(withID(Request{Reason: "why"}), "remember", uuid.Nil, r.json)
		require.NoError(t, err)
		require.Equal(t, eventstore.Hash(sha256.Sum256([]byte(`{"body":{"draft":{"agent_id":"a","content":{"a":1.5,"b":"é"},"expires_at":null,`+
			`"memory_type":"","user_id":"u\""},"occurred_at":"2026-03-01T07:00:00.000120Z","reason":""},"command":"remember","expected_version":0,`+
			`"id":"00000000-0000-0000-0000-000000000000","reason":"why"}`))), command.Fingerprint)
	}
}

func TestOnlyCommandsWithAnIDHaveAFingerprint(t *testing.T) {
	t.Parallel()
	_, command, err := prepare(Request{}, "forget", uuid.Nil, func() canonjson.Value { t.Error("the body is not needed"); return canonjson.Value{} })
	require.NoError(t, err)
	require.Zero(t, command.Fingerprint)
}
