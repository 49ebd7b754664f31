package queries_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/queries"
)

func TestMatchingIDsComeInPages(t *testing.T) {
	w := setup(t)
	var want []uuid.UUID
	for range 5 {
		want = append(want, w.add(t, "x", kind("fact")))
		w.add(t, "x")
	}
	slices.SortFunc(want, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	var all []uuid.UUID
	for after := uuid.Nil; ; {
		page, err := w.reader.MatchingIDs(t.Context(), tenant, queries.Filter{MemoryTypes: []string{"fact"}}, after, 2)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		require.LessOrEqual(t, len(page), 2)
		all, after = append(all, page...), page[len(page)-1]
	}
	require.Equal(t, want, all)
	_, err := w.reader.MatchingIDs(t.Context(), tenant, queries.Filter{}, uuid.Nil, queries.MaxMatchingIDs+1)
	requireInvalid(t, err, "limit")
	_, err = w.reader.MatchingIDs(t.Context(), tenant, queries.Filter{State: "x"}, uuid.Nil, 1)
	requireInvalid(t, err, "state")
	_, _, err = w.reader.Count(t.Context(), tenant, queries.Filter{State: "x"}, 0)
	requireInvalid(t, err, "state")
}

func TestDueIsWhatHasExpiredInEveryTenant(t *testing.T) {
	w := setup(t)
	second := w.add(t, "x", expires(now))
	first := w.add(t, "x", expires(now.Add(-time.Hour)))
	w.add(t, "not yet", expires(now.Add(time.Microsecond)))
	w.add(t, "never")
	w.add(t, "recorded already", expires(now.Add(-time.Hour)), then(expire))
	w.add(t, "forgotten", expires(now.Add(-time.Minute)), then(forget))
	third := w.add(t, "x", in("other"), expires(now.Add(-time.Minute)))
	due, err := w.reader.Due(t.Context(), now, 10)
	require.NoError(t, err)
	require.Equal(t, []memory.Key{
		{Tenant: tenant, ID: first},
		{Tenant: "other", ID: third},
		{Tenant: tenant, ID: second},
	}, due)
	due, err = w.reader.Due(t.Context(), now, 1)
	require.NoError(t, err)
	require.Len(t, due, 2, "no tenant crowds out another")
	require.Equal(t, domain.Tenant("other"), due[1].Tenant)
	_, err = w.reader.Due(t.Context(), now, -1)
	requireInvalid(t, err, "limit")
}
