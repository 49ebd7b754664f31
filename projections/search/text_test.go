package search_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/canonjson"
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
		require.Equal(t, c.expected, search.Text("note", canonjson.MustParse(c.content), canonjson.MustParse(c.metadata)))
	}
}

func TestTextIsCutAtAWord(t *testing.T) {
	t.Parallel()
	content := canonjson.List(canonjson.Text("x"), canonjson.Text(strings.Repeat("é ", search.MaxTextBytes)), canonjson.Text("y"))
	text := search.Text("note", content, canonjson.MustParse(`{"a": "b"}`))
	require.True(t, utf8.ValidString(text))
	require.LessOrEqual(t, len(text), search.MaxTextBytes)
	require.Greater(t, len(text), search.MaxTextBytes-4)
}
