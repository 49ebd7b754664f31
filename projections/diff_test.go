package projections_test

import (
	"context"
	"encoding/json"
	"maps"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/queries"
)

// requireDiffs requires, for some pairs of moments, that the diff from one to the other applied to the memories as of the first
// gives the memories as of the other, for a tenant, for one user and for each memory.
func (w *world) requireDiffs(ctx context.Context, t *rapid.T, tenant domain.Tenant, head int64) {
	for range min(6, head) {
		from := rapid.Int64Range(0, head).Draw(t, "from")
		to := queries.AsOf{SequenceID: rapid.Int64Range(max(from, 1), head).Draw(t, "to")}
		if rapid.IntRange(0, 3).Draw(t, "until now") == 0 {
			to = queries.AsOf{}
		}
		request := queries.DiffRequest{From: queries.AsOf{SequenceID: from}, To: to, Limit: rapid.IntRange(1, 4).Draw(t, "limit")}
		before, after := w.listAsOf(ctx, t, tenant, queries.AsOf{SequenceID: from}, from == 0), w.listAsOf(ctx, t, tenant, to, false)
		require.Equal(t, after, w.applied(ctx, t, tenant, request, before))

		ofUser := func(all map[uuid.UUID]queries.Memory) map[uuid.UUID]queries.Memory {
			all = maps.Clone(all)
			maps.DeleteFunc(all, func(_ uuid.UUID, m queries.Memory) bool { return m.UserID != "ana" })
			return all
		}
		request.UserID = "ana"
		require.Equal(t, ofUser(after), w.applied(ctx, t, tenant, request, ofUser(before)))
		request.UserID = ""
		for id, m := range after {
			request.ID = id
			one := map[uuid.UUID]queries.Memory{}
			if first, ok := before[id]; ok {
				one[id] = first
			}
			require.Equal(t, map[uuid.UUID]queries.Memory{id: m}, w.applied(ctx, t, tenant, request, one))
		}
	}
}

func (w *world) listAsOf(ctx context.Context, t *rapid.T, tenant domain.Tenant, asOf queries.AsOf, beginning bool) map[uuid.UUID]queries.Memory {
	all := map[uuid.UUID]queries.Memory{}
	if beginning {
		return all
	}
	result, err := w.reader.List(ctx, tenant, queries.Filter{State: queries.StateAll}, queries.Page{Limit: queries.MaxLimit}, queries.At{AsOf: asOf})
	require.NoError(t, err)
	for _, m := range result.Memories {
		all[m.ID] = canonical(t, m)
	}
	return all
}

// applied reads all pages of a diff and applies them. It requires that each memory is changed once, in order, and that the
// counts are those of the changes.
func (w *world) applied(ctx context.Context, t *rapid.T, tenant domain.Tenant, request queries.DiffRequest, to map[uuid.UUID]queries.Memory) map[uuid.UUID]queries.Memory {
	all := maps.Clone(to)
	changed := map[uuid.UUID]bool{}
	var counts queries.ChangeCounts
	var counted *queries.ChangeCounts
	for last := int64(0); ; {
		page, err := w.reader.Diff(ctx, tenant, request)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Changes), request.Limit)
		require.Equal(t, counted == nil, page.Counts != nil, "the first page counts")
		if page.Counts != nil {
			counted = page.Counts
		}
		for i := range page.Changes {
			c := &page.Changes[i]
			require.False(t, changed[c.ID], "changed twice")
			require.Greater(t, c.SequenceID, last)
			changed[c.ID], last = true, c.SequenceID
			all[c.ID] = apply(t, all[c.ID], c)
			counts.Memories++
			for _, kind := range c.Changes {
				*counts.Of(kind)++
			}
		}
		if request.Cursor = page.NextCursor; request.Cursor == "" {
			require.Equal(t, counts, *counted)
			return all
		}
	}
}

// apply changes a memory as a diff says.
func apply(t *rapid.T, m queries.Memory, c *queries.Change) queries.Memory {
	if c.Memory != nil {
		require.Zero(t, m.Version, "added where it was")
		require.Equal(t, c.Memory.Version, c.Events)
		return canonical(t, *c.Memory)
	}
	require.Equal(t, m.Version+c.Events, c.Version)
	if c.Patch != nil {
		raw, err := json.Marshal(c.Patch)
		require.NoError(t, err)
		patch, err := jsonpatch.DecodePatch(raw)
		require.NoError(t, err)
		document, err := json.Marshal(m)
		require.NoError(t, err)
		patched, err := patch.Apply(document)
		require.NoError(t, err, "%s", raw)
		value, err := canonjson.Parse(patched)
		require.NoError(t, err)
		m.Content, m.Metadata = value.Member("content").Raw(), value.Member("metadata").Raw()
	}
	if c.MemoryType != nil {
		require.Equal(t, c.MemoryType.From, m.Type)
		m.Type = c.MemoryType.To
	}
	if c.Confidence != nil {
		require.InDelta(t, c.Confidence.From, m.Confidence, 0)
		m.Confidence = c.Confidence.To
	}
	if c.ValidFrom != nil {
		require.Equal(t, c.ValidFrom.From, m.ValidFrom)
		m.ValidFrom = c.ValidFrom.To
	}
	if c.ValidTo != nil {
		require.Equal(t, c.ValidTo.From, m.ValidTo)
		m.ValidTo = c.ValidTo.To
	}
	if c.ExpiresAt != nil {
		require.Equal(t, c.ExpiresAt.From, m.ExpiresAt)
		m.ExpiresAt = c.ExpiresAt.To
	}
	if c.State != nil {
		require.Equal(t, c.State.From, m.State)
		m.State = c.State.To
	}
	m.Version, m.SequenceID, m.UpdatedAt, m.RecordedAt = c.Version, c.SequenceID, c.UpdatedAt, c.RecordedAt
	return m
}
