package queries_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/queries"
)

// walk follows the cursors to the end.
func walk(t *testing.T, w *world, f queries.Filter, p queries.Page, between func()) (all []queries.Memory) {
	t.Helper()
	for {
		result, err := w.reader.List(t.Context(), tenant, f, p, queries.At{})
		require.NoError(t, err)
		require.LessOrEqual(t, len(result.Memories), p.Limit)
		all = append(all, result.Memories...)
		if p.Cursor = result.NextCursor; p.Cursor == "" {
			return all
		}
		between()
	}
}

func TestListFollowsEachOrderBothWays(t *testing.T) {
	w := setup(t)
	// Equal keys, so that the id decides, and pages that end among them.
	for i := range 7 {
		day := time.Duration(i/3) * 24 * time.Hour
		w.add(t, i, confidence(float64(i%3)/10), created(epoch.Add(day)), updated(epoch.Add(-day)))
	}
	keys := map[queries.Order]func(a, b queries.Memory) int{
		queries.ByCreated:    func(a, b queries.Memory) int { return a.CreatedAt.Compare(b.CreatedAt) },
		queries.ByUpdated:    func(a, b queries.Memory) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
		queries.ByRecorded:   func(a, b queries.Memory) int { return int(a.SequenceID - b.SequenceID) },
		queries.ByConfidence: func(a, b queries.Memory) int { return int(100 * (a.Confidence - b.Confidence)) },
	}
	for order, key := range keys {
		for _, descending := range []bool{false, true} {
			all := walk(t, w, queries.Filter{}, queries.Page{Order: order, Descending: descending, Limit: 2}, func() {})
			require.Len(t, all, 7)
			require.True(t, slices.IsSortedFunc(all, func(a, b queries.Memory) int {
				difference := key(a, b)
				if difference == 0 {
					difference = bytes.Compare(a.ID[:], b.ID[:])
				}
				if descending {
					return -difference
				}
				return difference
			}), "%s %v", order, descending)
			once := map[uuid.UUID]bool{}
			for _, id := range ids(all) {
				once[id] = true
			}
			require.Len(t, once, 7)
		}
	}
}

func TestListVisitsEachMemoryOnceWhileOthersAreAdded(t *testing.T) {
	for _, order := range []queries.Order{queries.ByCreated, queries.ByUpdated, queries.ByRecorded, queries.ByConfidence} {
		t.Run(string(order), func(t *testing.T) {
			w := setup(t)
			var first []uuid.UUID
			for i := range 20 {
				first = append(first, w.add(t, i, confidence(float64(i%7)/7)))
			}
			var writing sync.WaitGroup
			rounds := 0
			all := walk(t, w, queries.Filter{}, queries.Page{Order: order, Limit: 3}, func() {
				writing.Wait()
				if rounds++; rounds > 5 {
					return
				}
				writing.Go(func() {
					for i := range 3 {
						w.add(t, "new", confidence(float64(i)/2), created(epoch.Add(-time.Duration(i)*time.Hour)))
					}
				})
			})
			writing.Wait()
			seen := map[uuid.UUID]int{}
			for _, id := range ids(all) {
				seen[id]++
			}
			for _, id := range first {
				require.Equal(t, 1, seen[id], "there from the beginning on")
			}
			for _, times := range seen {
				require.Equal(t, 1, times)
			}
		})
	}
}

func TestListFilters(t *testing.T) {
	w := setup(t)
	day := 24 * time.Hour
	low := w.add(t, "low", scope("ada", "uma"), confidence(0.1), kind("fact"), created(epoch.Add(-3*day)), updated(epoch.Add(-2*day)),
		metadata(`{"topic":"sleep","source":{"name":"chat","turn":3}}`))
	mid := w.add(t, "mid", scope("ada", "ulf"), confidence(0.5), created(epoch.Add(-2*day)), updated(epoch.Add(-2*day)), expires(now.Add(day)))
	high := w.add(t, "high", scope("bob", "uma"), confidence(0.9), kind("preference"), created(epoch.Add(-day)), updated(epoch),
		metadata(`{"topic":"food","tags":["a","b"]}`), expires(now.Add(2*day)))
	gone := w.add(t, "gone", scope("cyd", "uma"), state("forgotten"), created(epoch))
	late := w.add(t, "late", scope("cyd", "uma"), state("expired"), created(epoch.Add(time.Second)), expires(epoch))
	w.add(t, "elsewhere", in("other"))
	for name, c := range map[string]struct {
		filter queries.Filter
		want   []uuid.UUID
	}{
		"nothing":                     {queries.Filter{}, []uuid.UUID{low, mid, high}},
		"agent":                       {queries.Filter{AgentID: "ada"}, []uuid.UUID{low, mid}},
		"user":                        {queries.Filter{UserID: "uma"}, []uuid.UUID{low, high}},
		"agent and user":              {queries.Filter{AgentID: "ada", UserID: "uma"}, []uuid.UUID{low}},
		"types":                       {queries.Filter{MemoryTypes: []string{"fact", "preference", "none"}}, []uuid.UUID{low, high}},
		"confidence from, inclusive":  {queries.Filter{MinConfidence: pointer(0.5)}, []uuid.UUID{mid, high}},
		"confidence to, inclusive":    {queries.Filter{MaxConfidence: pointer(0.5)}, []uuid.UUID{low, mid}},
		"confidence of exactly 0":     {queries.Filter{MaxConfidence: pointer(0.0)}, nil},
		"created after, inclusive":    {queries.Filter{CreatedAfter: pointer(epoch.Add(-2 * day))}, []uuid.UUID{mid, high}},
		"created before, exclusive":   {queries.Filter{CreatedBefore: pointer(epoch.Add(-2 * day))}, []uuid.UUID{low}},
		"updated after, inclusive":    {queries.Filter{UpdatedAfter: pointer(epoch)}, []uuid.UUID{high}},
		"updated before, exclusive":   {queries.Filter{UpdatedBefore: pointer(epoch)}, []uuid.UUID{low, mid}},
		"recorded after, inclusive":   {queries.Filter{RecordedAfter: pointer(recorded(4))}, []uuid.UUID{mid, high}},
		"recorded before, exclusive":  {queries.Filter{RecordedBefore: pointer(recorded(4))}, []uuid.UUID{low}},
		"expires before, exclusive":   {queries.Filter{ExpiresBefore: pointer(now.Add(2 * day))}, []uuid.UUID{mid}},
		"metadata":                    {queries.Filter{Metadata: json.RawMessage(`{"topic":"sleep"}`)}, []uuid.UUID{low}},
		"metadata, nested":            {queries.Filter{Metadata: json.RawMessage(`{"source":{"turn":3}}`)}, []uuid.UUID{low}},
		"metadata, in an array":       {queries.Filter{Metadata: json.RawMessage(`{"tags":["b"]}`)}, []uuid.UUID{high}},
		"metadata of nothing":         {queries.Filter{Metadata: json.RawMessage(`{}`)}, []uuid.UUID{low, mid, high}},
		"forgotten":                   {queries.Filter{State: "forgotten"}, []uuid.UUID{gone}},
		"expired":                     {queries.Filter{State: "expired"}, []uuid.UUID{late}},
		"all":                         {queries.Filter{State: "all"}, []uuid.UUID{low, mid, high, gone, late}},
		"all of them together":        {queries.Filter{AgentID: "bob", UserID: "uma", MemoryTypes: []string{"preference"}, MinConfidence: pointer(0.9), MaxConfidence: pointer(1.0), CreatedAfter: &epoch, State: "all"}, nil},
		"text that looks like SQL":    {queries.Filter{AgentID: `' or true --`}, nil},
		"an agent with odd letters":   {queries.Filter{AgentID: "Ada"}, nil},
		"metadata that looks like it": {queries.Filter{Metadata: json.RawMessage(`{"topic":"' or true --"}`)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			list, err := w.reader.List(t.Context(), tenant, c.filter, queries.Page{}, queries.At{})
			require.NoError(t, err)
			require.Equal(t, c.want, ids(list.Memories))
			count, sequence, err := w.reader.Count(t.Context(), tenant, c.filter, 0)
			require.NoError(t, err)
			require.EqualValues(t, len(c.want), count)
			require.Equal(t, w.sequence[tenant], sequence)
			matching, err := w.reader.MatchingIDs(t.Context(), tenant, c.filter, uuid.Nil, 0)
			require.NoError(t, err)
			require.ElementsMatch(t, c.want, matching)
		})
	}
}

func TestListRefusesBadInputAndNamesIt(t *testing.T) {
	w := setup(t)
	_, err := w.reader.List(t.Context(), tenant, queries.Filter{State: "Active"}, queries.Page{}, queries.At{})
	requireInvalid(t, err, "state")
	for name, c := range map[string]struct {
		field string
		page  queries.Page
	}{
		"unknown order":           {"order", queries.Page{Order: "created_at; drop table events"}},
		"limit below":             {"limit", queries.Page{Limit: -1}},
		"limit above":             {"limit", queries.Page{Limit: 1001}},
		"cursor no base64":        {"cursor", queries.Page{Cursor: "!"}},
		"cursor no JSON":          {"cursor", queries.Page{Cursor: "AAAA"}},
		"cursor endless":          {"cursor", queries.Page{Cursor: strings.Repeat("A", 10000)}},
		"cursor of nothing (e30)": {"cursor", queries.Page{Cursor: "e30"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.reader.List(t.Context(), tenant, queries.Filter{}, c.page, queries.At{})
			requireInvalid(t, err, c.field)
		})
	}
}

func TestListRefusesTheCursorOfAnotherList(t *testing.T) {
	w := setup(t)
	for i := range 3 {
		w.add(t, i)
	}
	page := queries.Page{Limit: 1}
	first, err := w.reader.List(t.Context(), tenant, queries.Filter{AgentID: "ada"}, page, queries.At{})
	require.NoError(t, err)
	page.Cursor = first.NextCursor
	for name, ask := range map[string]func() error{
		"filter": func() error {
			_, err := w.reader.List(t.Context(), tenant, queries.Filter{AgentID: "bob"}, page, queries.At{})
			return err
		},
		"order": func() error {
			_, err := w.reader.List(t.Context(), tenant, queries.Filter{AgentID: "ada"},
				queries.Page{Cursor: page.Cursor, Order: queries.ByConfidence}, queries.At{})
			return err
		},
		"direction": func() error {
			_, err := w.reader.List(t.Context(), tenant, queries.Filter{AgentID: "ada"},
				queries.Page{Cursor: page.Cursor, Descending: true}, queries.At{})
			return err
		},
		"as of": func() error {
			_, err := w.reader.List(t.Context(), tenant, queries.Filter{AgentID: "ada"}, page, asOf(2))
			return err
		},
		"tenant": func() error {
			_, err := w.reader.List(t.Context(), "other", queries.Filter{AgentID: "ada"}, page, queries.At{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { requireInvalid(t, ask(), "cursor") })
	}
	page.Limit = 2
	second, err := w.reader.List(t.Context(), tenant, queries.Filter{AgentID: "ada", State: "active"}, page, queries.At{})
	require.NoError(t, err, "another limit, and the default named, are the same list")
	require.Len(t, second.Memories, 2)
	require.Empty(t, second.NextCursor)
}

func TestListEndsAPageOfLargeMemoriesEarly(t *testing.T) {
	w := setup(t)
	large := strings.Repeat("ä", 500_000)
	for range 8 {
		id := w.add(t, "x")
		w.exec(t, `update agent_memories set content = to_jsonb($2::text) where id = $1`, id, large)
	}
	first, err := w.reader.List(t.Context(), tenant, queries.Filter{}, queries.Page{}, queries.At{})
	require.NoError(t, err)
	require.Less(t, len(first.Memories), 8)
	require.NotEmpty(t, first.NextCursor)
	rest, err := w.reader.List(t.Context(), tenant, queries.Filter{}, queries.Page{Cursor: first.NextCursor}, queries.At{})
	require.NoError(t, err)
	require.Equal(t, 8, len(first.Memories)+len(rest.Memories))
}
