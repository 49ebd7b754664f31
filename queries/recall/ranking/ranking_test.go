package ranking

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/domain/posting"
	"github.com/auren-memory/auren/queries/recall/index"
)

// holding makes an index in which documents hold so many times "tea"; each is ten words long.
func holding(times ...int) *index.Lists {
	x := &index.Lists{Size: len(times), Hidden: make([]bool, len(times)), Documents: int64(len(times)), Length: 10 * int64(len(times)),
		ByTerm: map[string]*posting.List{"tea": {}}}
	for d, n := range times {
		if n > 0 {
			list := x.ByTerm["tea"]
			list.Docs, list.Lengths = append(list.Docs, uint32(d)), append(list.Lengths, 10) //nolint:gosec // few
			list.Counts = append(list.Counts, posting.NewCounts(n, 0))
		}
	}
	return x
}

func tea(x *index.Lists) []Word {
	words := Distinct(lexicon.Default().Query("tea"))
	words[0].terms = words[0].terms[:1]
	words[0].Match(x)
	return words
}

func all(int) bool { return true }

// value is what the word counts for in a document and its neighbours.
func value(words []Word, document int, around *index.Sides) float64 {
	c := Cover(words, []int{document}, index.Surroundings{document: around})
	at := c.Surrounding(document)
	return at.Best(0).Value
}

func TestScoreIsBM25OfShortTexts(t *testing.T) {
	x := holding(2, 0, 0, 0, 1)
	words := tea(x)
	// By hand, with k1 = 0.9 and b = 0.3, for a memory of average length that holds the word twice.
	idf := math.Log(1 + (5-2+0.5)/(2+0.5))
	require.InDelta(t, idf, words[0].IDF, 1e-12)
	require.InDelta(t, 2*1.9/(2+0.9), value(words, 0, nil), 1e-6)
	ranked := ScoreOwn(x, words).Best(10, all)
	require.Equal(t, []int{0, 4}, []int{ranked[0].Document, ranked[1].Document})
	require.InDelta(t, idf*2*1.9/2.9, ranked[0].Score, 1e-6)
	require.Less(t, ranked[0].Score, BestPossible(words), "no score reaches 1")
}

func TestAWordCountsOnceForTheBestOfTheMemoryAndItsNeighbours(t *testing.T) {
	x := holding(3, 1, 0, 0, 0)
	words := tea(x)
	sat := func(n float64) float64 { return n * 1.9 / (n + 0.9) }
	require.InDelta(t, 0.6*0.7*sat(3), value(words, 2, &index.Sides{Before: []int{1, 0}}), 1e-6, "two steps before, which is more than 0.6 of once")
	require.InDelta(t, 0.4*sat(1), value(words, 4, &index.Sides{After: []int{1}}), 1e-6)
	require.InDelta(t, sat(3), value(words, 0, &index.Sides{After: []int{1}}), 1e-6)
	around := index.Surroundings{0: {After: []int{2}, Named: true}, 1: {After: []int{3}}}
	found, _ := RankAround(x, words, ScoreOwn(x, words).Best(10, all), around, all)
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

func TestQueriesOfAnyLengthAreReadInTime(t *testing.T) {
	words := Distinct(lexicon.Default().Query(strings.Repeat("many different words and more ", 3000)))
	require.Len(t, words, 3, "many, different, words")
	require.True(t, utf8.ValidString(words[0].Text))
}
