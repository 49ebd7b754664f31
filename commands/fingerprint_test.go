package commands

import (
	"crypto/sha256"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/contents"
)

// Fingerprints are kept as long as the log: a command that is repeated by a newer program must be the same.
func TestFingerprintsStayAsTheyWere(t *testing.T) {
	t.Parallel()
	confidence, kind := 0.25, "fact"
	moment := time.Date(2026, 3, 1, 8, 0, 0, 120000, time.FixedZone("", 3600))
	whole := Remember{
		ID: new(uuid.New()), AgentID: "a\u2028\"", UserID: "u<", Type: "fact", Content: json.RawMessage(`[1e2]`), Confidence: &confidence,
		Metadata: json.RawMessage(`{"b":1,"a":2}`), ExpiresAt: &moment, OccurredAt: &moment, Reason: "r\t",
	}
	wholly := Revise{Type: &kind, Content: json.RawMessage(`{"b":1,"a":2}`), Metadata: json.RawMessage(`{}`)}
	for _, body := range []any{whole, wholly} {
		for i := range reflect.TypeOf(body).NumField() {
			require.False(t, reflect.ValueOf(body).Field(i).IsZero(), "%T.%s", body, reflect.TypeOf(body).Field(i).Name)
		}
	}
	for name, body := range map[string]any{
		"whole":    whole,
		"wholly":   wholly,
		"remember": Remember{AgentID: "a", UserID: "u", Content: json.RawMessage(` {"b": "<é>", "a" : 1.50}`), Metadata: json.RawMessage(`{"k": [1]}`), Confidence: &confidence},
		"revise":   Revise{Type: &kind, Content: json.RawMessage(`"text"`)},
		"nothing":  Revise{Type: &kind},
		"batch":    []Remember{{AgentID: "a", Content: json.RawMessage(`1`)}, {}},
		"forget":   struct{}{},
		"bad":      []Remember{{AgentID: "a\xff\xffb", UserID: "\xe2\x82", Content: json.RawMessage(`1`)}},
	} {
		encoded, err := json.Marshal(struct {
			Command         string    `json:"command"`
			ID              uuid.UUID `json:"id"`
			ExpectedVersion int       `json:"expected_version"`
			Reason          string    `json:"reason"`
			Body            any       `json:"body"`
		}{name, uuid.Nil, 3, "why", withNulls(body)})
		require.NoError(t, err)
		canonical, err := canonjson.Parse(encoded)
		require.NoError(t, err)
		_, command, err := prepare(Request{ExpectedVersion: 3, Meta: domain.Meta{CommandID: "c", Reason: "why"}}, name, uuid.Nil, body)
		require.NoError(t, err)
		require.Equal(t, eventstore.Hash(sha256.Sum256(canonical.Raw())), command.Fingerprint, name)
	}

	canonical, err := Remember{Content: json.RawMessage(`{"a":1.5,"b":"é"}`)}.appendCanonical(nil, appendAsItIs)
	require.NoError(t, err)
	given, err := Remember{Content: json.RawMessage(` {"b": "\u00e9", "a" : 1.50}`)}.appendCanonical(nil, appendRaw)
	require.NoError(t, err)
	require.Equal(t, string(given), string(canonical))
}

// withNulls is a body whose JSON has null for what is left out.
func withNulls(body any) any {
	type remember struct {
		ID         *uuid.UUID      `json:"id"`
		AgentID    string          `json:"agent_id"`
		UserID     string          `json:"user_id"`
		Type       string          `json:"memory_type"`
		Content    json.RawMessage `json:"content"`
		Confidence *float64        `json:"confidence"`
		Metadata   json.RawMessage `json:"metadata"`
		ExpiresAt  *time.Time      `json:"expires_at"`
		OccurredAt *time.Time      `json:"occurred_at"`
		Reason     string          `json:"reason"`
	}
	switch b := body.(type) {
	case Remember:
		return remember(b)
	case []Remember:
		all := make([]remember, len(b))
		for i := range b {
			all[i] = remember(b[i])
		}
		return all
	case Revise:
		return struct {
			Type     *string         `json:"memory_type"`
			Content  json.RawMessage `json:"content"`
			Metadata json.RawMessage `json:"metadata"`
		}(b)
	}
	return body
}

// Fingerprints are kept as long as the log.
func TestTheFingerprintOfARememberStaysAsItWas(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	store := eventstore.New(pool, eventstore.Config{})
	defer store.Close()
	handler := New(store, Config{})
	_, err := handler.Remember(t.Context(), Request{Tenant: "t", Meta: domain.Meta{CommandID: "c", Reason: "why"}},
		Remember{AgentID: "a", UserID: "u", Content: json.RawMessage(` {"b": "\u00e9", "a" : 1.50}`)})
	require.NoError(t, err)
	body := `{"body":{"agent_id":"a","confidence":null,"content":{"a":1.5,"b":"é"},"expires_at":null,"id":null,"memory_type":"","metadata":null,` +
		`"occurred_at":null,"reason":"","user_id":"u"},"command":"remember","expected_version":0,"id":"00000000-0000-0000-0000-000000000000","reason":"why"}`
	var kept, salt []byte
	require.NoError(t, pool.QueryRow(t.Context(), "select fingerprint, salt from commands, event_contents").Scan(&kept, &salt))
	require.Equal(t, contents.Keyed(salt, sha256.Sum256([]byte(body))), kept)
}
