package commands

import (
	"crypto/sha256"
	"encoding/json"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

// Fingerprints are kept as long as the log: a command that is repeated by a newer program must be the same.
func TestFingerprintsStayAsTheyWere(t *testing.T) {
	t.Parallel()
	confidence, kind := 0.25, "fact"
	for name, body := range map[string]any{
		"remember": Remember{AgentID: "a", UserID: "u", Content: json.RawMessage(` {"b": "<é>", "a" : 1.50}`), Metadata: json.RawMessage(`{"k": [1]}`), Confidence: &confidence},
		"revise":   Revise{Type: &kind, Content: json.RawMessage(`"text"`)},
		"nothing":  Revise{Type: &kind},
		"batch":    []Remember{{AgentID: "a", Content: json.RawMessage(`1`)}, {}},
		"forget":   struct{}{},
	} {
		whole, err := json.Marshal(struct {
			Command         string    `json:"command"`
			ID              uuid.UUID `json:"id"`
			ExpectedVersion int       `json:"expected_version"`
			Reason          string    `json:"reason"`
			Body            any       `json:"body"`
		}{name, uuid.Nil, 3, "why", body})
		require.NoError(t, err)
		canonical, err := domain.CanonicalJSON(whole)
		require.NoError(t, err)
		_, command, err := prepare(Request{ExpectedVersion: 3, Meta: domain.Meta{CommandID: "c", Reason: "why"}}, name, uuid.Nil, body)
		require.NoError(t, err)
		require.Equal(t, eventstore.Hash(sha256.Sum256(canonical)), command.Fingerprint, name)
	}
}
