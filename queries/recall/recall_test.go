package recall

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/domain/posting"
)

// holding makes an index in which documents hold so many times "tea"; each is ten words long.
func holding(times ...int) *index {
	x := &index{size: len(times), hidden: make([]bool, len(times)), documents: int64(len(times)), length: 10 * int64(len(times)),
		lists: map[string]*posting.List{"tea": {}}}
	for d, n := range times {
		if n > 0 {
			list := x.lists["tea"]
			list.Docs, list.Lengths = append(list.Docs, uint32(d)), append(list.Lengths, 10) //nolint:gosec // few
			list.Counts = append(list.Counts, posting.NewCounts(n, 0))
		}
	}
	return x
}

func tea(x *index) []word {
	words := distinct(lexicon.Default().Query("tea"))
	words[0].terms = words[0].terms[:1]
	words[0].match(x)
	return words
}

// value is what the word counts for in a document and its neighbours.
func value(words []word, document int, around *sides) float64 {
	c := cover(words, []int{document}, surroundings{document: around})
	at := c.surrounding(document)
	return at.best(0).value
}

func TestScoreIsBM25OfShortTexts(t *testing.T) {
	x := holding(2, 0, 0, 0, 1)
	words := tea(x)
	// By hand, with k1 = 0.9 and b = 0.3, for a memory of average length that holds the word twice.
	idf := math.Log(1 + (5-2+0.5)/(2+0.5))
	require.InDelta(t, idf, words[0].idf, 1e-12)
	require.InDelta(t, 2*1.9/(2+0.9), value(words, 0, nil), 1e-6)
	ranked := rankOwn(x, words, 10, nil)
	require.Equal(t, []int{0, 4}, []int{ranked[0].document, ranked[1].document})
	require.InDelta(t, idf*2*1.9/2.9, ranked[0].score, 1e-6)
	require.Less(t, ranked[0].score, bestPossible(words), "no score reaches 1")
}

func TestAWordCountsOnceForTheBestOfTheMemoryAndItsNeighbours(t *testing.T) {
	x := holding(3, 1, 0, 0, 0)
	words := tea(x)
	sat := func(n float64) float64 { return n * 1.9 / (n + 0.9) }
	require.InDelta(t, 0.6*0.7*sat(3), value(words, 2, &sides{before: []int{1, 0}}), 1e-6, "two steps before, which is more than 0.6 of once")
	require.InDelta(t, 0.4*sat(1), value(words, 4, &sides{after: []int{1}}), 1e-6)
	require.InDelta(t, sat(3), value(words, 0, &sides{after: []int{1}}), 1e-6)
	all := surroundings{0: {after: []int{2}, named: true}, 1: {after: []int{3}}}
	found, _ := rankAround(x, words, rankOwn(x, words, 10, nil), all, nil)
	require.Len(t, found, 3, "the neighbour in a named session, not the one that was told within minutes")
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"allergic", "alergic", 1}, {"allergic", "allergci", 1}, {"peanutz", "peanuts", 1}, {"tea", "tee", 1}, {"tea", "coffee", 3}, {"käse", "kase", 1}, {"", "ab", 2}} {
		require.Equal(t, c.want, distance(c.a, c.b, 2), "%s %s", c.a, c.b)
		require.Equal(t, c.want, distance(c.b, c.a, 2), "%s %s", c.b, c.a)
	}
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.StringMatching(`[a-cä]{0,8}`).Draw(t, "a")
		letters := []rune(a)
		at := rapid.IntRange(0, len(letters)).Draw(t, "at")
		b := string(letters[:at]) + "x" + string(letters[at:])
		require.Equal(t, 1, distance(a, b, 2))
		require.Equal(t, 0, distance(a, a, 2))
	})
}

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

func TestQueriesOfAnyLengthAreReadInTime(t *testing.T) {
	words := distinct(lexicon.Default().Query(strings.Repeat("many different words and more ", 3000)))
	require.Len(t, words, 3, "many, different, words")
	require.True(t, utf8.ValidString(words[0].Text))
}

func TestPhrasesAreBounded(t *testing.T) {
	found := phrasesOf(lexicon.Default().Query(strings.Repeat(`"a b" `, 100) + `"` + strings.Repeat("a ", 500) + `"`))
	require.Len(t, found, maxQuoted)
	found = phrasesOf(lexicon.Default().Query(`"` + strings.Repeat("a ", 500) + `"`))
	require.Len(t, found, 1)
	require.Len(t, found[0].words, maxExact)
}
