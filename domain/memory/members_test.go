package memory

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/canonjson"
)

func TestEncodedAsByTheLibrary(t *testing.T) {
	expires := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for _, event := range []Event{
		Remembered{AgentID: `a"`, UserID: "u", Type: "fact", Content: json.RawMessage(`{"text":"<x> & é"}`), Confidence: 0.5, Metadata: json.RawMessage(`{"a":[1]}`), ExpiresAt: &expires},
		Remembered{}, Revised{}, Revised{Type: "fact", Content: json.RawMessage(`"x"`), Metadata: json.RawMessage(`{}`), Changed: []string{"content"}},
	} {
		payload, _, err := Encode(event)
		require.NoError(t, err)
		expected, err := json.Marshal(event)
		require.NoError(t, err)
		require.JSONEq(t, string(expected), string(payload))
		canonical, err := canonjson.Parse(payload)
		require.NoError(t, err)
		require.Equal(t, canonical.String(), string(payload))
	}
}
