package queries_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/queries"
)

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
			all := w.walk(t, queries.Page{Order: order, Descending: descending, Limit: 2}, queries.At{}, func() {})
			require.Len(t, all, 7)
			for i, m := range all[1:] {
				difference := cmp.Or(key(all[i], m), bytes.Compare(all[i].ID[:], m.ID[:]))
				require.Equal(t, descending, difference > 0, "%s: %v before %v", order, all[i], m)
				require.NotZero(t, difference, "listed twice")
			}
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
			all := w.walk(t, queries.Page{Order: order, Limit: 3}, queries.At{}, func() {
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
			listed := ids(all)
			require.Subset(t, listed, first)
			slices.SortFunc(listed, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
			require.Len(t, slices.Compact(listed), len(all), "none is listed twice")
		})
	}
}

func TestListFilters(t *testing.T) {
	w := setup(t)
	day := 24 * time.Hour
	low := w.add(t, "low", scope("ada", "uma"), confidence(0.1), kind("fact"), created(epoch.Add(-3*day)), updated(epoch.Add(-2*day)),
		metadata(`{"topic":"sleep","source":{"name":"chat","turn":3}}`), valid(epoch, epoch.Add(day)))
	mid := w.add(t, "mid", scope("ada", "ulf"), confidence(0.5), created(epoch.Add(-2*day)), updated(epoch.Add(-2*day)), expires(now.Add(day)))
	high := w.add(t, "high", scope("bob", "uma"), confidence(0.9), kind("preference"), created(epoch.Add(-day)), updated(epoch),
		metadata(`{"topic":"food","tags":["a","b"]}`), expires(now.Add(2*day)))
	gone := w.add(t, "gone", scope("cyd", "uma"), then(forget), created(epoch))
	late := w.add(t, "late", scope("cyd", "uma"), then(expire), created(epoch.Add(time.Second)), expires(epoch))
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
		"confidence from, inclusive":  {queries.Filter{MinConfidence: new(0.5)}, []uuid.UUID{mid, high}},
		"confidence to, inclusive":    {queries.Filter{MaxConfidence: new(0.5)}, []uuid.UUID{low, mid}},
		"confidence of exactly 0":     {queries.Filter{MaxConfidence: new(0.0)}, nil},
		"created after, inclusive":    {queries.Filter{CreatedAfter: new(epoch.Add(-2 * day))}, []uuid.UUID{mid, high}},
		"created before, exclusive":   {queries.Filter{CreatedBefore: new(epoch.Add(-2 * day))}, []uuid.UUID{low}},
		"updated after, inclusive":    {queries.Filter{UpdatedAfter: new(epoch)}, []uuid.UUID{high}},
		"updated before, exclusive":   {queries.Filter{UpdatedBefore: new(epoch)}, []uuid.UUID{low, mid}},
		"recorded after, inclusive":   {queries.Filter{RecordedAfter: new(recorded(4))}, []uuid.UUID{mid, high}},
		"recorded before, exclusive":  {queries.Filter{RecordedBefore: new(recorded(4))}, []uuid.UUID{low}},
		"expires before, exclusive":   {queries.Filter{ExpiresBefore: new(now.Add(2 * day))}, []uuid.UUID{mid}},
		"valid at, from inclusive":    {queries.Filter{ValidAt: &epoch}, []uuid.UUID{low, mid, high}},
		"valid at, to exclusive":      {queries.Filter{ValidAt: new(epoch.Add(day))}, []uuid.UUID{mid, high}},
		"metadata":                    {queries.Filter{Metadata: json.RawMessage(`{"topic":"sleep"}`)}, []uuid.UUID{low}},
		"metadata, nested":            {queries.Filter{Metadata: json.RawMessage(`{"source":{"turn":3}}`)}, []uuid.UUID{low}},
		"metadata, in an array":       {queries.Filter{Metadata: json.RawMessage(`{"tags":["b"]}`)}, []uuid.UUID{high}},
		"metadata of nothing":         {queries.Filter{Metadata: json.RawMessage(`{}`)}, []uuid.UUID{low, mid, high}},
		"forgotten":                   {queries.Filter{State: "forgotten"}, []uuid.UUID{gone}},
		"expired":                     {queries.Filter{State: "expired"}, []uuid.UUID{late}},
		"all":                         {queries.Filter{State: "all"}, []uuid.UUID{low, mid, high, gone, late}},
		"all of them together":        {queries.Filter{AgentID: "bob", UserID: "uma", MemoryTypes: []string{"preference"}, MinConfidence: new(0.9), MaxConfidence: new(1.0), CreatedAfter: &epoch, State: "all"}, nil},
		"text that looks like SQL":    {queries.Filter{AgentID: `' or true --`}, nil},
		"an agent with odd letters":   {queries.Filter{AgentID: "Ada"}, nil},
		"metadata that looks like it": {queries.Filter{Metadata: json.RawMessage(`{"topic":"' or true --"}`)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, ids(w.list(t, c.filter, queries.Page{}, queries.At{}).Memories))
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
	for name, c := range map[string]struct {
		field  string
		filter queries.Filter
		page   queries.Page
	}{
		"unknown state":           {field: "state", filter: queries.Filter{State: "Active"}},
		"unknown order":           {field: "order", page: queries.Page{Order: "created_at; drop table events"}},
		"limit below":             {field: "limit", page: queries.Page{Limit: -1}},
		"limit above":             {field: "limit", page: queries.Page{Limit: 1001}},
		"cursor no base64":        {field: "cursor", page: queries.Page{Cursor: "!"}},
		"cursor no JSON":          {field: "cursor", page: queries.Page{Cursor: "AAAA"}},
		"cursor endless":          {field: "cursor", page: queries.Page{Cursor: strings.Repeat("A", 10000)}},
		"cursor of nothing (e30)": {field: "cursor", page: queries.Page{Cursor: "e30"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.reader.List(t.Context(), tenant, c.filter, c.page, queries.At{})
			requireInvalid(t, err, c.field)
		})
	}
}

func TestListRefusesTheCursorOfAnotherList(t *testing.T) {
	w := setup(t)
	for i := range 3 {
		w.add(t, i)
	}
	ada := queries.Filter{AgentID: "ada"}
	cursor := w.list(t, ada, queries.Page{Limit: 1}, queries.At{}).NextCursor
	for name, c := range map[string]struct {
		tenant domain.Tenant
		filter queries.Filter
		page   queries.Page
		at     queries.At
	}{
		"filter":    {tenant, queries.Filter{AgentID: "bob"}, queries.Page{}, queries.At{}},
		"order":     {tenant, ada, queries.Page{Order: queries.ByConfidence}, queries.At{}},
		"direction": {tenant, ada, queries.Page{Descending: true}, queries.At{}},
		"as of":     {tenant, ada, queries.Page{}, asOf(2)},
		"tenant":    {"other", ada, queries.Page{}, queries.At{}},
	} {
		t.Run(name, func(t *testing.T) {
			c.page.Cursor = cursor
			_, err := w.reader.List(t.Context(), c.tenant, c.filter, c.page, c.at)
			requireInvalid(t, err, "cursor")
		})
	}
	// Another limit, and the default given explicitly, are the same list.
	second := w.list(t, queries.Filter{AgentID: "ada", State: "active"}, queries.Page{Cursor: cursor, Limit: 2}, queries.At{})
	require.Len(t, second.Memories, 2)
	require.Empty(t, second.NextCursor)
}

func TestListEndsAPageOfLargeMemoriesEarly(t *testing.T) {
	w := setup(t)
	for range 8 {
		w.add(t, strings.Repeat("ä", 500_000))
	}
	first := w.list(t, queries.Filter{}, queries.Page{}, queries.At{})
	require.Less(t, len(first.Memories), 8)
	require.NotEmpty(t, first.NextCursor)
	rest := w.list(t, queries.Filter{}, queries.Page{Cursor: first.NextCursor}, queries.At{})
	require.Equal(t, 8, len(first.Memories)+len(rest.Memories))
}
