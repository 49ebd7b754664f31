package queries_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/queries"
	budget "github.com/auren-memory/auren/queries/recall/answer"
)

func TestABudgetOfTokensBoundsTheTexts(t *testing.T) {
	w := setup(t)
	best := w.add(t, "tea tea tea")
	long := w.add(t, "tea tea "+strings.Repeat("with ", 100))
	mid := w.add(t, "tea with milk, "+strings.Repeat("x", 60))
	short := w.add(t, "a tea "+strings.Repeat("and more words ", 3))
	search := func(tokens int, cursor string) queries.SearchResult {
		return w.search(t, queries.SearchRequest{Query: "tea", MaxTokens: tokens, Cursor: cursor, WithoutNeighbors: true, Limit: 3})
	}
	all := w.search(t, queries.SearchRequest{Query: "tea", WithoutNeighbors: true})
	require.Equal(t, []uuid.UUID{best, long, mid, short}, hitIDs(all))
	require.Nil(t, all.Tokens)
	require.Nil(t, all.Hits[0].Tokens)

	everything := search(1000, "")
	require.Equal(t, []uuid.UUID{best, long, mid}, hitIDs(everything))
	require.False(t, everything.Cut)
	sum := 0
	for _, hit := range everything.Hits {
		require.Equal(t, budget.Tokens(hit.Memory.Content), *hit.Tokens)
		sum += *hit.Tokens
	}
	require.Equal(t, sum, *everything.Tokens)

	some := search(22, "")
	require.Equal(t, []uuid.UUID{best, mid}, hitIDs(some), "3 and 19 tokens; one exceeds the budget alone")
	require.Equal(t, []uuid.UUID{long}, some.TooLong)
	require.True(t, some.Cut)
	require.Equal(t, 22, *some.Tokens)
	rest := search(22, some.NextCursor)
	require.Equal(t, []uuid.UUID{short}, hitIDs(rest))
	require.False(t, rest.Cut)
	require.Empty(t, rest.TooLong)
	require.Empty(t, rest.NextCursor)

	one := search(21, "")
	require.Equal(t, []uuid.UUID{best}, hitIDs(one), "the next that fits the budget would exceed it by 1")
	require.True(t, one.Cut)
	require.Equal(t, []uuid.UUID{mid}, hitIDs(search(21, one.NextCursor)))
	none := search(1, "")
	require.Empty(t, none.Hits)
	require.Equal(t, []uuid.UUID{best, long, mid, short}, none.TooLong)
	require.Equal(t, 0, *none.Tokens)
}

func hitIDs(r queries.SearchResult) (ids []uuid.UUID) {
	for _, hit := range r.Hits {
		ids = append(ids, hit.Memory.ID)
	}
	return ids
}

// Whatever the budget is, pages of it are all results but those that exceed it alone, in order.
func TestPagesOfABudgetAreAllResults(t *testing.T) {
	w := setup(t)
	w.chatter(t, 80)
	w.add(t, strings.Repeat("tea and milk ", 50))
	request := queries.SearchRequest{Query: "tea milk", Limit: 100}
	whole := w.search(t, request)
	rapid.Check(t, func(rt *rapid.T) {
		request := request
		request.MaxTokens = rapid.IntRange(1, 60).Draw(rt, "tokens")
		request.Context = rapid.IntRange(0, 2).Draw(rt, "context")
		hits, pages := w.pages(rt, request, queries.At{}, func() int { return 1 + rapid.IntRange(0, 20).Draw(rt, "limit") }, func() {})
		var ids, long []uuid.UUID
		for _, page := range pages {
			sum := 0
			shown := map[uuid.UUID]bool{}
			show := func(id uuid.UUID) {
				require.False(rt, shown[id], "no memory twice in an answer")
				shown[id] = true
			}
			for _, hit := range page.Hits {
				sum += *hit.Tokens
				show(hit.Memory.ID)
				if hit.Context == nil {
					continue
				}
				for _, m := range slices.Concat(hit.Context.Before, hit.Context.After) {
					show(m.ID)
				}
			}
			require.Equal(rt, sum, *page.Tokens)
			require.LessOrEqual(rt, sum, request.MaxTokens)
			require.True(rt, len(page.Hits) > 0 || page.NextCursor == "")
			long = append(long, page.TooLong...)
		}
		for _, hit := range hits {
			ids = append(ids, hit.Memory.ID)
		}
		all := slices.DeleteFunc(hitIDs(whole), func(id uuid.UUID) bool { return slices.Contains(long, id) })
		require.Equal(rt, all, ids)
		for _, hit := range whole.Hits {
			require.Equal(rt, budget.Tokens(hit.Memory.Content) > request.MaxTokens, slices.Contains(long, hit.Memory.ID))
		}
	})
}

func TestSearchShowsWhatWasToldAroundAResult(t *testing.T) {
	w := setup(t)
	session := metadata(`{"session": "s"}`)
	var told []uuid.UUID
	for i, text := range []string{"zero", "one", "two", "green tea", "four", "five", "tea again", "seven"} {
		told = append(told, w.add(t, text, session, created(at(i))))
		w.add(t, fmt.Sprint("elsewhere ", i), metadata(`{"session": "t"}`), created(at(i)))
		w.add(t, fmt.Sprint("of another ", i), session, scope("bob", "uma"), created(at(i)))
	}
	apart := w.add(t, "black tea", created(at(100)))
	soon := w.add(t, "said soon", created(at(101)))
	w.add(t, "said late", created(at(200)))
	w.change(t, told[4], forget)
	type sides struct{ before, after []uuid.UUID }
	ask := func(request queries.SearchRequest, at queries.At) map[uuid.UUID]sides {
		request.Query, request.WithoutNeighbors = "tea", true
		result, err := w.reader.Search(t.Context(), tenant, request, at)
		require.NoError(t, err)
		all := map[uuid.UUID]sides{}
		for _, hit := range result.Hits {
			if hit.Context == nil {
				all[hit.Memory.ID] = sides{}
				continue
			}
			all[hit.Memory.ID] = sides{ids(hit.Context.Before), ids(hit.Context.After)}
		}
		return all
	}
	filter := queries.Filter{AgentID: "ada", Filters: []byte(`{"content": {"contains": "tea"}}`)}
	require.Equal(t, map[uuid.UUID]sides{
		told[6]: {before: []uuid.UUID{told[5]}, after: []uuid.UUID{told[7]}},
		told[3]: {before: []uuid.UUID{told[1], told[2]}},
		apart:   {after: []uuid.UUID{soon}},
	}, ask(queries.SearchRequest{Context: 2, Filter: filter}, queries.At{}), "oldest first, nothing twice, nothing forgotten, whatever its text is")
	require.Equal(t, sides{before: []uuid.UUID{told[2]}, after: []uuid.UUID{told[4]}},
		ask(queries.SearchRequest{Context: 1, Filter: filter}, asOf(w.sequence[tenant]-1))[told[3]], "before it was forgotten")
	require.Equal(t, sides{}, ask(queries.SearchRequest{Filter: filter}, queries.At{})[told[3]])
	six := ask(queries.SearchRequest{Context: 6, Limit: 1, Filter: filter}, asOf(w.sequence[tenant]-1))
	for _, s := range six {
		require.LessOrEqual(t, len(s.before)+len(s.after), 7)
	}
	// "green tea" takes 3 tokens, "tea again" 3, "black tea" 3, "two" and "one" 1 each.
	request := queries.SearchRequest{Query: "tea", Context: 2, MaxTokens: 11, Filter: filter, WithoutNeighbors: true}
	result := w.search(t, request)
	require.Len(t, result.Hits, 3, "the results come first")
	require.Equal(t, 11, *result.Tokens)
	require.True(t, result.Cut)
	shown := 0
	for _, hit := range result.Hits {
		shown += len(hit.Context.Before) + len(hit.Context.After)
	}
	require.Equal(t, 2, shown)
}

func at(minutes int) time.Time { return epoch.Add(time.Duration(minutes) * time.Minute) }

func TestContextsOfResultsNearEachOtherAreWhole(t *testing.T) {
	w := setup(t)
	var told []uuid.UUID
	for i := range 30 {
		text := fmt.Sprint("nothing ", i)
		if i == 12 || i == 17 {
			text = "green tea"
		}
		told = append(told, w.tell(t, text, metadata(`{"thread_id": 7}`), created(at(i))))
	}
	w.project(t)
	hits := w.search(t, queries.SearchRequest{Query: "tea", Context: 6, WithoutNeighbors: true}).Hits
	require.Equal(t, []uuid.UUID{told[17], told[12]}, []uuid.UUID{hits[0].Memory.ID, hits[1].Memory.ID})
	require.Equal(t, slices.Concat(told[11:12], told[13:17]), ids(hits[0].Context.Before))
	require.Equal(t, told[18:24], ids(hits[0].Context.After))
	require.Equal(t, told[6:11], ids(hits[1].Context.Before))
	require.Empty(t, hits[1].Context.After)
}

// The memories of a scope are in segments once there are 512.
func TestContextsAndReasonsOfMemoriesInSegments(t *testing.T) {
	w := setup(t)
	var told []uuid.UUID
	for i := range 700 {
		text := fmt.Sprint("nothing ", i)
		if i == 100 || i == 300 || i == 650 {
			text = "green tea"
		}
		session := metadata(`{}`)
		if i >= 200 {
			session = metadata(`{"session": "s"}`)
		}
		told = append(told, w.tell(t, text, session, created(at(i))))
	}
	w.project(t)
	w.change(t, told[301], forget)
	request := queries.SearchRequest{Query: "tea", Context: 6, WithoutNeighbors: true, WhyNot: &told[302]}
	result := w.search(t, request)
	require.Equal(t, []uuid.UUID{told[650], told[300], told[100]}, hitIDs(result))
	for i, around := range [][2][]uuid.UUID{{told[644:650], told[651:657]}, {told[294:300], told[302:308]}, {told[94:100], told[101:107]}} {
		require.Equal(t, around[0], ids(result.Hits[i].Context.Before), "before %d", i)
		require.Equal(t, around[1], ids(result.Hits[i].Context.After), "after %d", i)
	}
	require.Equal(t, "query", result.WhyNot.Reason)
	request.WhyNot, request.Limit = &told[100], 1
	why := w.search(t, request).WhyNot
	require.Equal(t, "limit", why.Reason)
	require.Equal(t, 3, why.Rank)
	request.WhyNot, request.Limit = &told[301], 1
	require.Equal(t, "forgotten", w.search(t, request).WhyNot.Reason)
}
