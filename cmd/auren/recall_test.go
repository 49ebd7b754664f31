package main

import (
	"fmt"
	"strings"
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

func TestRecallWithinABudgetAndWithContext(t *testing.T) {
	onEveryDoor(t, func(t *testing.T, w *world) {
		w.remember("before", "--metadata", `{"session":"s"}`)
		w.remember("trains at dawn", "--metadata", `{"session":"s"}`)
		w.remember("after", "--metadata", `{"session":"s"}`)
		long := w.remember("trains " + strings.Repeat("x", 100))
		said := w.must("recall", "train", "dawn", "--limit", "1", "--context", "1")
		require.Regexp(t, `(?s)before .*before\n.* trains at dawn\nafter .*after\n`, said)
		said = w.must("recall", "train", "--max-tokens", "5", "--context", "1")
		require.Contains(t, said, "about 4 tokens\ntakes more than 5 tokens alone: "+long+"\n")
		require.Contains(t, w.must("recall", "train", "--max-tokens", "1"), "nothing fits 1 token\n")
		result := decode[queries.SearchResult](t, w.must("recall", "train", "dawn", "--limit", "1", "--max-tokens", "9", "--context", "2", "--json"))
		require.Equal(t, 8, *result.Tokens)
		require.Len(t, result.Hits[0].Context.After, 1)
		w.fails(exitUsage, "--max-tokens must be 1 to 1000000, got -1", "recall", "train", "--max-tokens=-1")
		w.fails(exitUsage, "--context must be 1 to 6, got 7", "recall", "train", "--context", "7")
	})
}

func TestRecallOfSeveralQuestions(t *testing.T) {
	onEveryDoor(t, func(t *testing.T, w *world) {
		w.remember("trains at dawn, then rests")
		w.remember("drinks tea")
		said := w.must("recall", "when", "does", "she", "train?", "--also", "what does she drink, tea?", "--also", "xylophones", "--limit", "1")
		require.Regexp(t, `(?s)^when does she train\?\nscore .* trains at dawn, then rests\n\nwhat does she drink, tea\?\nscore .* drinks tea\n\nxylophones\nnothing is remembered`, said)
		result := decode[queries.SearchResult](t, w.must("recall", "dawn", "--also", "tea", "--json"))
		require.Len(t, result.Answers, 2)
		w.fails(exitUsage, "--cursor must be given with the one query", "recall", "dawn", "--also", "tea", "--cursor", "x")
		w.fails(exitUsage, "--also: must not be empty", "recall", "dawn", "--also", " ")
		w.fails(exitUsage, "--also must be at most 100000 characters", "recall", "dawn", "--also", strings.Repeat("x", 100_001))
		w.fails(exitUsage, "<query> must be at most 100000 characters", "recall", strings.Repeat("x", 100_001), "--also", "x")
	})
}

func TestRecallFoldsWhatSaysTheSame(t *testing.T) {
	onEveryDoor(t, func(t *testing.T, w *world) {
		first, second := w.remember("trains at dawn"), w.remember("Trains at dawn!")
		require.Contains(t, w.must("recall", "train", "--fold"), second+" says the same as 1 other: "+first+"\n")
		result := decode[queries.SearchResult](t, w.must("recall", "train", "--fold", "--json"))
		require.Equal(t, first, result.Hits[0].Duplicates[0].String())
	})
}

func TestRecallSaysWhyNot(t *testing.T) {
	onEveryDoor(t, func(t *testing.T, w *world) {
		best, id := w.remember("trains at dawn"), w.remember("trains at dawn, as her friend Tom says")
		said := w.must("recall", "dawn", "--limit", "1", "--why-not", id)
		require.Regexp(t, "why not "+id+`: it is number 2 of all results, and the page ends before it \(limit\)\n\n`+id+`  \d words, where`, said)
		require.Contains(t, w.must("recall", "tea", "--why-not", best), "why not "+best+": it holds none of the words looked for: tea (query)\n")
		result := decode[queries.SearchResult](t, w.must("recall", "dawn", "--limit", "1", "--why-not", id, "--json"))
		require.Equal(t, 2, result.WhyNot.Rank)
		w.fails(exitUsage, "--why-not: must be a UUID", "recall", "dawn", "--why-not", "x")
	})
}

func TestRecallWithConditionsAndWeights(t *testing.T) {
	onEveryDoor(t, func(t *testing.T, w *world) {
		dawn := w.remember("trains at dawn", "--confidence", "0.5", "--metadata", `{"importance":1,"rank":0}`)
		dusk := w.remember("trains at dusk", "--confidence", "0.9", "--metadata", `{"importance":0,"rank":1}`)
		found := func(args ...string) []string {
			var ids []string
			for _, h := range decode[queries.SearchResult](t, w.must(append([]string{"recall", "--json"}, args...)...)).Hits {
				ids = append(ids, h.Memory.ID.String())
			}
			return ids
		}
		require.Equal(t, []string{dawn}, found("trains", "--must", "dawn"))
		require.Equal(t, []string{dawn}, found("trains", "--must-not", "dusk"))
		require.Equal(t, []string{dusk}, found("--phrase", "at dusk"))
		require.Equal(t, []string{dusk}, found("--prefix", "dus"))
		require.Empty(t, found("trains", "--must", "at, dawn", "--must", "dusk"))
		require.Equal(t, []string{dawn}, found("trains dawn", "--min-score", "0.5", "--no-neighbors"))
		require.Equal(t, []string{dusk, dawn}, found("trains", "--weight-confidence", "0.5"))
		require.Equal(t, []string{dawn, dusk}, found("trains", "--weight-importance", "0.5"))
		require.Equal(t, []string{dusk, dawn}, found("trains", "--weight-importance", "0.5", "--weight-importance-key", "rank"))
		require.Len(t, found("trains", "--weight-recency", "0.5", "--weight-half-life-days", "7"), 2)
		w.fails(exitUsage, "--weight-recency must be between 0 and 1, got 2", "recall", "trains", "--weight-recency", "2")
		w.fails(exitUsage, "--weight-half-life-days must be 0.001 to 36525, got 99999", "recall", "trains", "--weight-half-life-days", "99999")
		w.fails(exitUsage, "--min-score must be between 0 and 1, got 2", "recall", "trains", "--min-score", "2")
		w.fails(exitUsage, "<query> must hold at least one word", "recall")
		w.fails(exitUsage, "--must", "recall", "trains", "--must", " ")
	})
}
