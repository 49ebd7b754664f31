package queries_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/queries"
)

func TestMemoriesThatSayTheSameAreOneResult(t *testing.T) {
	w := setup(t)
	first := w.add(t, "Ana likes green tea")
	second := w.add(t, "Ana likes green tea!", confidence(0.9))
	other := w.add(t, "Ana likes black tea")
	bob := w.add(t, "Ana likes green tea", scope("bob", "uma"))
	third := w.add(t, "ANA LIKES GREEN TEA")
	gone := w.add(t, "Ana likes green tea")
	w.change(t, gone, forget)
	apart := w.add(t, "Ana likes green tea", kind("fact"))
	request := queries.SearchRequest{Query: "green tea", WithoutNeighbors: true, Total: true, Filter: queries.Filter{MemoryTypes: []string{"observation"}}}
	require.Len(t, w.search(t, request).Hits, 5)
	request.Fold = true
	result := w.search(t, request)
	require.Equal(t, 5, *result.Total, "as without folding")
	require.Empty(t, result.Hint)
	duplicates := map[uuid.UUID][]uuid.UUID{}
	for _, hit := range result.Hits {
		duplicates[hit.Memory.ID] = hit.Duplicates
	}
	require.Equal(t, map[uuid.UUID][]uuid.UUID{third: {second, first}, bob: nil, other: nil}, duplicates, "the best stands for the others, of equals the last told")
	require.NotContains(t, fmt.Sprint(duplicates), apart.String(), "a memory that the filter leaves out")
	past, err := w.reader.Search(t.Context(), tenant, request, asOf(2))
	require.NoError(t, err)
	require.Equal(t, []uuid.UUID{first}, past.Hits[0].Duplicates)
}

func TestPagesOfFoldedResultsAreOneAnswer(t *testing.T) {
	w := setup(t)
	w.chatter(t, 150)
	request := queries.SearchRequest{Query: "tea milk", Fold: true, Total: true}
	whole, _ := w.pages(t, request, queries.At{}, func() int { return 100 }, func() {})
	parts, pages := w.pages(t, request, queries.At{}, func() int { return 3 }, func() {})
	require.Equal(t, whole, parts)
	seen := map[uuid.UUID]bool{}
	for _, hit := range whole {
		require.NotEmpty(t, append(hit.Duplicates, hit.Memory.ID))
		for _, id := range append(hit.Duplicates, hit.Memory.ID) {
			require.False(t, seen[id])
			seen[id] = true
		}
	}
	require.Len(t, seen, *pages[0].Total, "every memory stands for itself or is stood for")
	require.Less(t, len(whole), len(seen)/2)
	request.Cursor, request.Fold = pages[0].NextCursor, false
	_, err := w.reader.Search(t.Context(), tenant, request, queries.At{})
	requireInvalid(t, err, "cursor")
}

func TestFoldingComparesTheBestMemoriesOnly(t *testing.T) {
	w := setup(t)
	for i := range 1005 {
		w.tell(t, "tea "+strings.Repeat("more ", i%5)+fmt.Sprint(i))
	}
	w.project(t)
	hits, pages := w.pages(t, queries.SearchRequest{Query: "tea", Fold: true, Total: true}, queries.At{}, func() int { return 100 }, func() {})
	require.Len(t, hits, 1000)
	require.Equal(t, 1005, *pages[9].Total)
	require.Contains(t, pages[0].Hint, "1000 best")
}
