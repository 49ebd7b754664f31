package httpapi

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/canonjson"
)

// membersOf and itemsOf find the same as encoding/json in whatever is canonical.
func FuzzMembersAndItems(f *testing.F) {
	for _, seed := range []string{`{}`, `[]`, `{"a":{"b":[1,"]}",{}]},"\"\\":"\"","c":-1.5e-7}`, `[true,null,[[]],"x,y"]`, `{"":""}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		value, err := canonjson.Parse(raw)
		if err != nil {
			return
		}
		canonical := value.Raw()
		switch canonical[0] {
		case '{':
			var want map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(canonical, &want))
			got := map[string]json.RawMessage{}
			for name, value := range membersOf(canonical) {
				got[name] = value
			}
			require.Equal(t, want, got)
		case '[':
			var want []json.RawMessage
			require.NoError(t, json.Unmarshal(canonical, &want))
			got := []json.RawMessage{}
			for _, value := range itemsOf(canonical) {
				got = append(got, value)
			}
			require.Equal(t, want, got)
		}
	})
}
