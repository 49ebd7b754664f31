package queries_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/queries"
	recallanswer "github.com/auren-memory/auren/queries/recall/answer"
)

func (w *world) whyNot(t *testing.T, id uuid.UUID, request queries.SearchRequest, at queries.At) *recallanswer.WhyNot {
	t.Helper()
	request.WhyNot, request.WithoutNeighbors = &id, true
	result, err := w.reader.Search(t.Context(), tenant, request, at)
	require.NoError(t, err)
	require.Equal(t, id, result.WhyNot.ID)
	require.NotEmpty(t, result.WhyNot.Detail)
	return result.WhyNot
}

func TestWhyNotSaysWhatLeavesAMemoryOut(t *testing.T) {
	w := setup(t)
	best := w.add(t, "green tea tea tea")
	plain := w.add(t, "green tea in the garden, on Friday", kind("fact"), confidence(0.4), metadata(`{"topic": "drinks"}`))
	copied := w.add(t, "Green tea, in the garden on friday!", kind("fact"), confidence(0.4), metadata(`{"topic": "drinks"}`))
	coffee := w.add(t, "black coffee")
	gone := w.add(t, "green tea forgotten", then(forget))
	late := w.add(t, "green tea expired", expires(recorded(9)))
	marked := w.add(t, "green tea marked", expires(recorded(9)), then(expire))
	bob := w.add(t, "green tea", scope("bob", "uma"))
	foreign := w.add(t, "green tea", in("other"))
	ada := queries.Filter{AgentID: "ada"}
	for name, c := range map[string]struct {
		id      uuid.UUID
		request queries.SearchRequest
		reason  string
		says    string
	}{
		"shown":             {plain, queries.SearchRequest{Query: "tea"}, "found", "it is among the results, as number 4 of all"},
		"none":              {uuid.New(), queries.SearchRequest{Query: "tea"}, "not_found", "no memory with this id"},
		"another tenant":    {foreign, queries.SearchRequest{Query: "tea"}, "not_found", "no memory with this id"},
		"another agent":     {bob, queries.SearchRequest{Query: "tea", Filter: ada}, "not_found", "no memory with this id"},
		"forgotten":         {gone, queries.SearchRequest{Query: "tea", Filter: ada}, "forgotten", "since 2026-03-01T12:00:05Z"},
		"expired":           {late, queries.SearchRequest{Query: "tea"}, "expired", "it has expired"},
		"recorded expiry":   {marked, queries.SearchRequest{Query: "tea"}, "expired", "it has expired"},
		"a filter":          {plain, queries.SearchRequest{Query: "tea", Filter: queries.Filter{MemoryTypes: []string{"fact"}, MinConfidence: new(0.5)}}, "filters", `it does not match {"confidence":{"gte":0.5}}`},
		"a filter of many":  {plain, queries.SearchRequest{Query: "tea", Filter: queries.Filter{Filters: []byte(`{"metadata.topic": "drinks", "OR": [{"metadata.\"a.b\"": {"exists": true}}, {"version": {"gt": 7}}]}`)}}, "filters", `it does not match {"OR":[{"metadata.\"a.b\"":{"exists":true}},{"version":{"gt":7}}]}`},
		"must":              {plain, queries.SearchRequest{Query: "tea", Must: []string{"garden monday"}}, "must", "it does not hold monday"},
		"must not":          {plain, queries.SearchRequest{Query: "tea", MustNot: []string{"cup", "Friday"}}, "must_not", "it holds friday"},
		"phrase":            {plain, queries.SearchRequest{Query: "tea", Phrase: []string{"garden tea"}}, "phrase", "one after the other: garden tea"},
		"a word of phrase":  {plain, queries.SearchRequest{Query: "tea", Phrase: []string{"garden gnome"}}, "phrase", "it does not hold gnome"},
		"prefix":            {plain, queries.SearchRequest{Query: "tea", Prefix: "bla"}, "prefix", "it holds no word that begins with bla"},
		"no word":           {coffee, queries.SearchRequest{Query: "what tea is green?"}, "query", "it holds none of the words looked for: tea, green"},
		"a low score":       {plain, queries.SearchRequest{Query: "tea", MinScore: 0.6}, "min_score", "less than 0.6"},
		"a rank":            {plain, queries.SearchRequest{Query: "tea", Limit: 1, Filter: ada}, "limit", "it is number 3 of all results, and the page ends before it"},
		"too many tokens":   {plain, queries.SearchRequest{Query: "tea", MaxTokens: 8}, "max_tokens", "it takes 9 tokens alone, more than 8"},
		"a budget is spent": {plain, queries.SearchRequest{Query: "tea", MaxTokens: 9}, "max_tokens", "9 tokens end the answer before it"},
		"a double":          {plain, queries.SearchRequest{Query: "tea", Fold: true}, "fold", "it says the same as " + copied.String()},
	} {
		t.Run(name, func(t *testing.T) {
			why := w.whyNot(t, c.id, c.request, queries.At{})
			require.Equal(t, c.reason, why.Reason, why.Detail)
			require.Contains(t, why.Detail, c.says)
			ranked := slices.Contains([]string{"found", "min_score", "limit", "max_tokens"}, c.reason)
			require.Equal(t, ranked, why.Rank > 0)
			require.Equal(t, ranked, why.Explain != nil)
			if ranked {
				sum := 0.0
				for _, word := range why.Explain.Words {
					sum += word.Score
				}
				require.InDelta(t, *why.Score, sum, 1e-12)
			}
		})
	}
	there, other := w.whyNot(t, bob, queries.SearchRequest{Query: "tea", Filter: ada}, queries.At{}), w.whyNot(t, foreign, queries.SearchRequest{Query: "tea"}, queries.At{})
	there.ID = other.ID
	require.Equal(t, other, there, "not there and not theirs are one answer")
	require.Equal(t, "not_found", w.whyNot(t, plain, queries.SearchRequest{Query: "tea"}, asOf(1)).Reason, "not told by then")
	require.Equal(t, "found", w.whyNot(t, gone, queries.SearchRequest{Query: "tea"}, asOf(5)).Reason, "not forgotten by then")
	first := w.search(t, queries.SearchRequest{Query: "tea", Limit: 1, WithoutNeighbors: true})
	require.Equal(t, "cursor", w.whyNot(t, best, queries.SearchRequest{Query: "tea", Limit: 1, Cursor: first.NextCursor}, queries.At{}).Reason)
	require.Nil(t, first.WhyNot)
}

// Whatever its rank is, the explanation is that of the result.
func TestWhyNotKnowsTheRankOfEveryMemory(t *testing.T) {
	w := setup(t)
	w.chatter(t, 150)
	for _, weights := range []queries.Weights{{}, {Importance: 0.5}} {
		request := queries.SearchRequest{Query: "tea milk rain", Weights: weights}
		explained := request
		explained.Explain = true
		hits, _ := w.pages(t, explained, queries.At{}, func() int { return 100 }, func() {})
		for i := 0; i < len(hits); i += 13 {
			request.WhyNot = &hits[i].Memory.ID
			why := w.search(t, request).WhyNot
			require.Equal(t, i+1, why.Rank)
			require.Equal(t, hits[i].Explain, why.Explain)
			require.InDelta(t, hits[i].Score, *why.Score, 0)
			require.Equal(t, i < 10, why.Reason == "found", fmt.Sprint(i, why.Reason))
		}
	}
}

func TestWhyNotIsAnsweredForEachQuery(t *testing.T) {
	w := setup(t)
	id := w.add(t, "green tea")
	result := w.search(t, queries.SearchRequest{Queries: []string{"tea", "milk"}, WhyNot: &id})
	require.Nil(t, result.WhyNot)
	require.Equal(t, "found", result.Answers[0].WhyNot.Reason)
	require.Equal(t, "query", result.Answers[1].WhyNot.Reason)
}
