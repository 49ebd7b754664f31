package memory

import (
	"encoding/json"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// FuzzMembers holds eachMember to what encoding/json makes of the same object.
func FuzzMembers(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { } `, `{"a":1}`, `{"a": -1.5e3 , "b" : null}`, `{"a":"x\"}","b":"\\","c":"\\\"]"}`, `{"a":[{"b":"]"},[],{}],"c":{"d":[1,2]}}`,
		`[]`, `{`, `{"a"`, `{"a":`, `{"a":}`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a":"`, `{"a":[}`, `"`, ``, `{"a":"\"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		found := map[string]string{}
		err := eachMember(object, func(name string, value json.RawMessage) error {
			found[name] = string(value)
			return nil
		})
		var expected map[string]json.RawMessage
		if !utf8.Valid(object) || json.Unmarshal(object, &expected) != nil || expected == nil {
			return
		}
		require.NoError(t, err)
		for name, value := range expected {
			if got, ok := found[name]; ok { // a name with escapes is left as it stands
				require.Equal(t, string(value), got)
			} else {
				require.Contains(t, string(object), `\`)
			}
		}
	})
}

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
	}
}
