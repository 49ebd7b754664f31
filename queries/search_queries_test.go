package queries_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/queries"
)

func TestSeveralQueriesAreAnsweredAsIfEachWereAskedAlone(t *testing.T) {
	w := setup(t)
	w.chatter(t, 60)
	request := queries.SearchRequest{Limit: 7, Context: 1, Total: true, Explain: true, Must: []string{"tea"}}
	several := request
	several.Queries = []string{"tea", "milk rain", "xylophone", "tea", strings.Repeat("word ", 50)}
	result := w.search(t, several)
	require.Empty(t, result.Hits)
	require.NotNil(t, result.Hits)
	require.Nil(t, result.Tokens)
	require.Len(t, result.Answers, 5)
	for i, query := range several.Queries {
		request.Query, request.Cursor = query, ""
		alone := w.search(t, request)
		require.Equal(t, query, result.Answers[i].Query)
		result.Answers[i].Query = ""
		require.Equal(t, alone.Answer, result.Answers[i], query)
		require.Equal(t, alone.SequenceID, result.SequenceID)
	}
	request.Query, request.Cursor = "milk rain", result.Answers[1].NextCursor
	require.NotEmpty(t, w.search(t, request).Hits, "a cursor is of the one query")
}

func TestSeveralQueriesAreOfOneState(t *testing.T) {
	w := setup(t)
	first := w.add(t, "green tea")
	config := w.pool.Config()
	config.ConnConfig.Tracer = &once{do: func() {
		w.change(t, first, forget)
		w.add(t, "more tea")
	}}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	result, err := queries.New(pool, queries.Config{}).Search(t.Context(), tenant, queries.SearchRequest{Queries: []string{"tea", "green", "more"}}, queries.At{})
	require.NoError(t, err)
	require.EqualValues(t, 3, w.sequence[tenant], "it changed meanwhile")
	require.EqualValues(t, 1, result.SequenceID)
	require.Equal(t, first, result.Answers[1].Hits[0].Memory.ID)
	require.Empty(t, result.Answers[2].Hits)
}

func TestSeveralQueriesShareTheBudgetInTurn(t *testing.T) {
	w := setup(t)
	for _, text := range []string{"tea one", "tea two", "milk one", "milk two", "tea " + strings.Repeat("long ", 20)} { // 2 tokens, 26
		w.add(t, text)
	}
	request := queries.SearchRequest{Queries: []string{"tea", "milk", "xylophone"}, WithoutNeighbors: true, MaxTokens: 6}
	result := w.search(t, request)
	require.Equal(t, []int{2, 1, 0}, lengths(result))
	require.Equal(t, 6, *result.Tokens)
	require.Equal(t, 4, *result.Answers[0].Tokens)
	require.True(t, result.Cut)
	require.Empty(t, result.Answers[1].TooLong)

	var milk []uuid.UUID
	for _, a := range []queries.SearchResult{{Answer: result.Answers[1]}, w.search(t, queries.SearchRequest{Query: "milk", WithoutNeighbors: true, Cursor: result.Answers[1].NextCursor})} {
		milk = append(milk, hitIDs(a)...)
	}
	require.ElementsMatch(t, w.recall(t, queries.SearchRequest{Query: "milk"}), milk, "it goes on where the budget ended it")

	request.Queries = []string{"milk", "tea"}
	for tokens, want := range map[int][]int{2: {1, 0}, 4: {1, 1}} {
		request.MaxTokens = tokens
		cut := w.search(t, request)
		require.Equal(t, want, lengths(cut))
		rest := w.pagesOf(t, queries.SearchRequest{Query: "tea", WithoutNeighbors: true, MaxTokens: tokens}, cut.Answers[1].NextCursor)
		require.Len(t, rest.Hits, 2-want[1])
		require.Len(t, slices.Concat(cut.Answers[1].TooLong, rest.TooLong), 1, "named once, on the page of its rank")
	}
}

// pagesOf follows the cursors and puts the pages together.
func (w *world) pagesOf(t *testing.T, request queries.SearchRequest, cursor string) (all queries.SearchResult) {
	for request.Cursor = cursor; request.Cursor != ""; {
		page := w.search(t, request)
		all.Hits, all.TooLong = append(all.Hits, page.Hits...), append(all.TooLong, page.TooLong...)
		request.Cursor = page.NextCursor
	}
	return all
}

func lengths(r queries.SearchResult) (n []int) {
	for i := range r.Answers {
		n = append(n, len(r.Answers[i].Hits))
	}
	return n
}

func TestSeveralQueriesAreRefusedByName(t *testing.T) {
	w := setup(t)
	for field, request := range map[string]queries.SearchRequest{
		"queries":    {Queries: slices.Repeat([]string{"a"}, 21)},
		"queries[1]": {Queries: []string{"tea", " "}},
		"queries[0]": {Queries: []string{strings.Repeat("a", 100_001)}},
		"cursor":     {Queries: []string{"tea"}, Cursor: "x"},
		"max_tokens": {Query: "tea", MaxTokens: -1},
		"context":    {Query: "tea", Context: 7},
	} {
		_, err := w.reader.Search(t.Context(), tenant, request, queries.At{})
		requireInvalid(t, err, field)
	}
	_, err := w.reader.Search(t.Context(), tenant, queries.SearchRequest{Query: "tea", Queries: []string{"tea"}}, queries.At{})
	requireInvalid(t, err, "queries")
}
