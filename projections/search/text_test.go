package search_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/projections/search"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ content, metadata, expected string }{
		{`"plain"`, `{}`, "plain note"},
		{`null`, `{}`, "note"},
		{`12.5`, `{"n": 7, "source": ["diary", {"k": "x"}]}`, "12 5 note diary x"},
		{`{"a": {"b": ["one", 2, true, null, "", "three"]}, "c": "\ud83d\ude00"}`, `{}`, "one 2 three note"},
		{`[[], {}, [[["deep"]]]]`, `{}`, "deep note"},
		{`"see https://example.com/a_b?c"`, `{}`, "see https example com a b c note"},
	} {
		text, err := search.Text("note", json.RawMessage(c.content), json.RawMessage(c.metadata))
		require.NoError(t, err)
		require.Equal(t, c.expected, text)
	}
}

func TestTextIsCutAtAWord(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal([]string{"x", strings.Repeat("é ", search.MaxTextBytes), "y"})
	require.NoError(t, err)
	text, err := search.Text("note", raw, json.RawMessage(`{"a": "b"}`))
	require.NoError(t, err)
	require.True(t, utf8.ValidString(text))
	require.LessOrEqual(t, len(text), search.MaxTextBytes)
	require.Greater(t, len(text), search.MaxTextBytes-4)
}

func TestBrokenJSONIsAnError(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{``, `{`, `{"a"`, `[1,`, `"`} {
		_, err := search.Text("note", json.RawMessage(raw), json.RawMessage(`{}`))
		require.Error(t, err, raw)
	}
}
