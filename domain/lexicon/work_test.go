package lexicon_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/lexicon"
)

// Ten times the text is about ten times the work, not a hundred times, whatever it consists of. Not parallel, since it counts what the process allocates.
func TestTheWorkIsThatOfTheLength(t *testing.T) {
	a, err := lexicon.New("en", "de", "fr", "es")
	require.NoError(t, err)
	for _, unit := range []string{
		"\u0301", "a\u0301\u0302\u0323", "a-b-", "aB", "1a", "ab/", "a.b.", "a@b.", "東京", "กาแฟ", "👩‍👩‍👧", "🇩🇪", "-+#", "?!", `"a b" `, "a'b'", "x", "\u200d", "a_b_",
		"https://a.b/", `\a`, "%41", "a&b", "\ufe0f", "ושלום", "1,234,", "1:2:", "C++", "7", "👍🏽", "ﷺ", "ß", "ᄀ", "Ａ-", "ä-", "word ",
	} {
		allocated := func(size int) uint64 {
			text := strings.Repeat(unit, size/len(unit))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			a.Document(lexicon.Text{Content: canonjson.Text(text)})
			a.Query(text)
			a.Sequence(text)
			a.Prefixes(text)
			runtime.ReadMemStats(&after)
			return after.TotalAlloc - before.TotalAlloc
		}
		allocated(100) // what is known of the unit later
		short, long := allocated(4_000), allocated(40_000)
		require.Less(t, long, 30*short+1<<20, "%q: %d kB, then %d kB", unit, short>>10, long>>10)
		require.Less(t, long, uint64(40_000*6_000), "%q", unit)
	}
}
