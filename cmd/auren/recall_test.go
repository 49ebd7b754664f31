package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/queries"
)

func TestRecallPageByPage(t *testing.T) {
	onEveryDoor(t, func(t *testing.T, w *world) {
		for i := range 5 {
			w.remember(fmt.Sprint("trains before breakfast, day ", i))
		}
		require.Contains(t, w.must("recall", "train", "--total", "--limit", "2"), "found in all: 5 memories\nthere are more: --cursor ")
		result := decode[queries.SearchResult](t, w.must("recall", "train", "--limit", "3", "--json"))
		require.Nil(t, result.Total)
		require.Len(t, result.Hits, 3)
		result = decode[queries.SearchResult](t, w.must("recall", "train", "--limit", "3", "--total", "--json", "--cursor", result.NextCursor))
		require.Equal(t, 5, *result.Total)
		require.Len(t, result.Hits, 2)
		require.Empty(t, result.NextCursor)
		w.fails(exitUsage, "--cursor must be the next_cursor of a page before", "recall", "train", "--cursor", "x")
	})
}
