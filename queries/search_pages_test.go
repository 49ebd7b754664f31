package queries_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/queries"
)

// chatter tells n memories of few words, in sessions and without, of different confidence and importance. Many are equals.
func (w *world) chatter(t *testing.T, n int) (all []uuid.UUID) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same on every run
	words := strings.Fields("tea milk rain walk tea sleeps song tea")
	for i := range n {
		said := make([]string, 1+random.IntN(4))
		for j := range said {
			said[j] = words[random.IntN(len(words))]
		}
		about := fmt.Sprintf(`{"importance": %.1f}`, float64(i%7)/10)
		if i%3 > 0 {
			about = fmt.Sprintf(`{"importance": %.1f, "session": "s%d"}`, float64(i%7)/10, i/9)
		}
		all = append(all, w.tell(t, strings.Join(said, " "), confidence(float64(i%5)/5), metadata(about), created(epoch.Add(time.Duration(i)*10*time.Minute))))
	}
	w.project(t)
	return all
}

// asker is a test, or a part of one.
type asker interface {
	require.TestingT
	Context() context.Context
}

// pages follows the cursors of a search to the end.
func (w *world) pages(t asker, request queries.SearchRequest, at queries.At, limit func() int, between func()) (all []queries.Hit, results []queries.SearchResult) {
	for {
		request.Limit = limit()
		result, err := w.reader.Search(t.Context(), tenant, request, at)
		require.NoError(t, err)
		require.LessOrEqual(t, len(result.Hits), request.Limit)
		all, results = append(all, result.Hits...), append(results, result)
		if request.Cursor = result.NextCursor; request.Cursor == "" {
			return all, results
		}
		between()
	}
}

func TestPagesOfASearchAreOneAnswer(t *testing.T) {
	w := setup(t)
	told := w.chatter(t, 260)
	position := w.sequence[tenant]
	next := 0
	meanwhile := func() { // what happens after the first page was read does not count
		if next < 60 {
			w.change(t, told[next*4], []change{forget, revise(`"tea tea tea rain"`)}[next%2])
			w.add(t, "tea and milk in the rain")
			next++
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		request := queries.SearchRequest{
			Query:            rapid.SampledFrom([]string{"tea", "tea milk rain", `"tea milk"`, "walk or sleep", "song teaa"}).Draw(rt, "query"),
			WithoutNeighbors: rapid.Bool().Draw(rt, "alone"), Explain: true, Total: true,
			Weights: rapid.SampledFrom([]queries.Weights{{}, {}, {Recency: .2, Importance: .4}, {Confidence: 1}}).Draw(rt, "weights"),
		}
		whole, of := w.pages(rt, request, asOf(position), func() int { return queries.MaxSearchLimit }, func() {})
		require.Greater(rt, len(whole), 30)
		seen := map[uuid.UUID]bool{}
		for _, hit := range whole {
			require.False(rt, seen[hit.Memory.ID], "no memory twice")
			seen[hit.Memory.ID] = true
			for _, word := range hit.Explain.Words {
				require.True(rt, word.Neighbor == nil || slices.Contains(told, *word.Neighbor), "a neighbour is a memory")
			}
		}
		limit := rapid.IntRange(1, 99)
		parts, pages := w.pages(rt, request, asOf(position), func() int { return limit.Draw(rt, "limit") }, meanwhile)
		require.Equal(rt, whole, parts)
		for _, page := range append(pages, of...) {
			require.Len(rt, whole, *page.Total)
			require.Equal(rt, position, page.SequenceID)
			require.NotEmpty(rt, page.Hits)
		}
		if request.Weights == (queries.Weights{}) && len(request.Query) < 10 { // in the order of the scores
			for i := range whole[1:] {
				require.GreaterOrEqual(rt, whole[i].Score+1e-6, whole[i+1].Score)
			}
		}
		request.MinScore = whole[rapid.IntRange(0, 99).Draw(rt, "score")%len(whole)].Score
		enough, _ := w.pages(rt, request, asOf(position), func() int { return limit.Draw(rt, "limit") }, meanwhile)
		for _, hit := range enough {
			require.GreaterOrEqual(rt, hit.Score, request.MinScore)
		}
		again, _ := w.pages(rt, request, asOf(position), func() int { return 100 }, func() {})
		require.Equal(rt, again, enough)
	})
	require.NotZero(t, next)
}

func TestTheNextPageIsOfTheStateOfTheFirst(t *testing.T) {
	clock := now
	w := setup(t, func(c *queries.Config) { c.Now = func() time.Time { return clock } })
	var told []uuid.UUID
	for i := range 5 {
		told = append(told, w.add(t, fmt.Sprint("green tea ", i), expires(now.Add(time.Minute))))
	}
	request := queries.SearchRequest{Query: "tea", Limit: 2, Total: true}
	first := w.search(t, request)
	require.Equal(t, 5, *first.Total)
	clock = now.Add(time.Hour) // all have expired
	w.change(t, told[0], forget)
	w.add(t, "tea again")
	request.Cursor = first.NextCursor
	second := w.search(t, request)
	require.Equal(t, first.SequenceID, second.SequenceID)
	require.Equal(t, 5, *second.Total)
	request.Cursor, request.Limit, request.Explain = second.NextCursor, 100, true
	third := w.search(t, request)
	require.Empty(t, third.NextCursor)
	var found []uuid.UUID
	for _, hit := range append(append(first.Hits, second.Hits...), third.Hits...) {
		require.Equal(t, "active", hit.Memory.State)
		found = append(found, hit.Memory.ID)
	}
	require.ElementsMatch(t, told, found)
	require.Len(t, w.search(t, queries.SearchRequest{Query: "tea"}).Hits, 1)
}

func TestACursorIsOfOneSearch(t *testing.T) {
	w := setup(t)
	for range 4 {
		w.add(t, "green tea")
	}
	request := queries.SearchRequest{Query: "tea", Limit: 1}
	request.Cursor = w.search(t, request).NextCursor
	for name, change := range map[string]func(*queries.SearchRequest){
		"query": func(r *queries.SearchRequest) { r.Query = "green" }, "must": func(r *queries.SearchRequest) { r.Must = []string{"tea"} },
		"must not": func(r *queries.SearchRequest) { r.MustNot = []string{"milk"} }, "phrase": func(r *queries.SearchRequest) { r.Phrase = []string{"green tea"} },
		"prefix": func(r *queries.SearchRequest) { r.Prefix = "te" }, "filter": func(r *queries.SearchRequest) { r.Filter.AgentID = "ada" },
		"score": func(r *queries.SearchRequest) { r.MinScore = 0.1 }, "weights": func(r *queries.SearchRequest) { r.Weights.Recency = 0.1 },
		"neighbours": func(r *queries.SearchRequest) { r.WithoutNeighbors = true },
		"no cursor":  func(r *queries.SearchRequest) { r.Cursor = "abc" },
		"changed": func(r *queries.SearchRequest) {
			middle := len(r.Cursor) / 2
			r.Cursor = r.Cursor[:middle] + strings.Map(func(c rune) rune { return 'A' + (c-'A'+1)%26 }, r.Cursor[middle:middle+1]) + r.Cursor[middle+1:]
		},
		"cut":  func(r *queries.SearchRequest) { r.Cursor = r.Cursor[:len(r.Cursor)-4] },
		"long": func(r *queries.SearchRequest) { r.Cursor = strings.Repeat("A", 10_000) },
	} {
		other := request
		change(&other)
		_, err := w.reader.Search(t.Context(), tenant, other, queries.At{})
		requireInvalid(t, err, "cursor")
		require.ErrorContains(t, err, "must be", name)
	}
	_, err := w.reader.Search(t.Context(), tenant, request, asOf(4))
	requireInvalid(t, err, "cursor")
	_, err = w.reader.Search(t.Context(), "other", request, queries.At{})
	requireInvalid(t, err, "cursor")
	list := w.list(t, queries.Filter{}, queries.Page{Limit: 1}, queries.At{})
	request.Cursor = list.NextCursor
	_, err = w.reader.Search(t.Context(), tenant, request, queries.At{})
	requireInvalid(t, err, "cursor")
}

func TestAPageOfLargeMemoriesEndsEarly(t *testing.T) {
	w := setup(t)
	for range 10 {
		w.tell(t, "tea"+strings.Repeat(" ", 1_000_000))
	}
	w.project(t)
	request := queries.SearchRequest{Query: "tea", Limit: 100, Context: 1}
	hits, pages := w.pages(t, request, queries.At{}, func() int { return 100 }, func() {})
	require.Len(t, hits, 10)
	require.Len(t, pages, 2)
}

func TestTheLastPageIsNotEmpty(t *testing.T) {
	w := setup(t)
	for n := 1; n <= 41; n++ {
		w.add(t, fmt.Sprint("green tea ", n))
		if n%20 > 1 && n%20 < 19 {
			continue
		}
		for _, limit := range []int{5, 10, 20, 40} {
			for _, score := range []float64{0, 0.01} {
				hits, pages := w.pages(t, queries.SearchRequest{Query: "tea", MinScore: score}, queries.At{}, func() int { return limit }, func() {})
				require.Len(t, hits, n)
				require.Len(t, pages, (n+limit-1)/limit, "%d of %d", limit, n)
			}
		}
	}
}
