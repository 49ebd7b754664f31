package domain_test

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
)

// FuzzEachJSONMember holds EachJSONMember to what encoding/json makes of the same object.
func FuzzEachJSONMember(f *testing.F) {
	for _, seed := range []string{
		`{}`, ` { } `, `{"a":1}`, `{"a": -1.5e3 , "b" : null}`, `{"a":"x\"}","b":"\\","c":"\\\"]"}`, `{"a":[{"b":"]"},[],{}],"c":{"d":[1,2]}}`,
		`[]`, `{`, `{"a"`, `{"a":`, `{"a":}`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `{"a":"`, `{"a":[}`, `"`, ``, `{"a":"\"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		found := map[string]string{}
		err := domain.EachJSONMember(object, func(name string, value json.RawMessage) error {
			found[name] = string(value)
			var text, expected string
			if json.Unmarshal(value, &expected) == nil {
				require.NoError(t, domain.ReadJSONText(value, &text))
				if utf8.Valid(value) {
					require.Equal(t, expected, text)
				}
			}
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
