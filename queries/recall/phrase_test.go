package recall

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/lexicon"
)

func TestAPhraseStandsWhereItsWordsFollowEachOther(t *testing.T) {
	analyzer := lexicon.Default()
	p := phrase{analyzer.Query("support groups")}
	for content, want := range map[string]bool{
		`"the support group meets"`: true, `"group support"`: false, `"support of the group"`: false, `{"a": ["x", "Support-Group"]}`: true, `"support"`: false,
	} {
		stand, err := standIn(t.Context(), []phrase{p}, analyzer, []byte(content))
		require.NoError(t, err)
		require.Equal(t, []bool{want}, stand, content)
	}
}

func TestPhrasesAreBounded(t *testing.T) {
	found := phrasesOf(lexicon.Default().Query(strings.Repeat(`"a b" `, 100) + `"` + strings.Repeat("a ", 500) + `"`))
	require.Len(t, found, maxQuoted)
	found = phrasesOf(lexicon.Default().Query(`"` + strings.Repeat("a ", 500) + `"`))
	require.Len(t, found, 1)
	require.Len(t, found[0].words, maxExact)
}
