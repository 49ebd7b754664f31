package projections_test

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections/rebuild"
	"github.com/auren-memory/auren/queries"
)

// After any history of commands, a rebuild makes the same rows, and queries give the same answers as a fold of the
// log: now, and as of each event.
func TestFoldLiveRebuiltAndAsOfAgree(t *testing.T) {
	t.Parallel()
	newWorld(t).close() // starts the database server before the clock
	deadline := time.Now().Add(checkFor())
	histories, events, failed := 0, 0, false
	rapid.Check(t, func(rt *rapid.T) {
		// A failing history must fail again while it is shrunk.
		if !failed && time.Now().After(deadline) {
			return
		}
		defer func() { failed = failed || rt.Failed() }()
		w := newWorld(t)
		defer w.close()
		w.rememberSome(rt)
		for range 3 { // a single history is short
			rt.Repeat(w.actions(rt.Context()))
		}
		events += w.requireEquivalence(rt)
		histories++
	})
	t.Logf("%d histories of %d events", histories, events)
}

// checkFor is how long the test generates histories: 5 s, 2 s with -short, or AUREN_TEST_SECONDS.
func checkFor() time.Duration {
	if s, err := strconv.Atoi(os.Getenv("AUREN_TEST_SECONDS")); err == nil {
		return time.Duration(s) * time.Second
	}
	if testing.Short() {
		return 2 * time.Second
	}
	return 5 * time.Second
}

// requireEquivalence returns how many events it compared.
func (w *world) requireEquivalence(t *rapid.T) (events int) {
	ctx := t.Context()
	w.project(ctx, t)
	w.now = time.Now()
	for _, tenant := range tenants {
		events += w.requireAnswersOfFold(ctx, t, tenant, "live")
	}
	live := w.contents(ctx, t)
	require.NoError(t, rebuild.Run(ctx, w.pool, w.projections(), rebuild.Config{}))
	require.Equal(t, live, w.contents(ctx, t))
	for _, tenant := range tenants {
		w.requireAnswersOfFold(ctx, t, tenant, "rebuilt")
		head, err := w.log.Head(ctx, tenant)
		require.NoError(t, err)
		w.requireDiffs(ctx, t, tenant, head.SequenceID)
	}
	return events
}

// contents returns every row of the projected tables, as text.
func (w *world) contents(ctx context.Context, t *rapid.T) map[string][]string {
	all := map[string][]string{}
	for _, p := range w.projections() {
		for _, table := range p.Tables() {
			rows, err := w.pool.Query(ctx, "select r::text from "+table+" as r order by 1")
			require.NoError(t, err)
			all[table], err = pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err)
		}
	}
	return all
}

// requireAnswersOfFold folds the log event by event and requires queries as of each event to answer like the fold.
func (w *world) requireAnswersOfFold(ctx context.Context, t *rapid.T, tenant domain.Tenant, which string) (events int) {
	page, err := w.log.ReadLog(ctx, tenant, 0, eventstore.Filter{}, 1_000_000)
	require.NoError(t, err)
	memories := map[uuid.UUID]*memory.Memory{}
	last := map[uuid.UUID]eventstore.Event{}
	history := map[uuid.UUID][]queries.Version{}
	known := func(at time.Time) map[uuid.UUID]queries.Memory {
		all := map[uuid.UUID]queries.Memory{}
		for id, m := range memories {
			folded := answer(t, m.Snapshot(), last[id])
			folded.State = string(m.Snapshot().StateAt(at))
			all[id] = folded
		}
		return all
	}
	for _, e := range page.Events {
		m := memories[e.StreamID]
		if m == nil {
			m = &memory.Memory{}
			memories[e.StreamID] = m
		} else {
			before := &history[e.StreamID][m.Version()-1]
			before.SupersededAt, before.SupersededSequenceID = &e.CreatedAt, e.SequenceID
		}
		fact, err := memory.Decode(e.Type, e.SchemaVersion, e.Payload, e.Contents)
		require.NoError(t, err)
		m.Apply(e.StreamID, fact, e.OccurredAt)
		last[e.StreamID] = e
		meta, err := e.Meta()
		require.NoError(t, err)
		history[e.StreamID] = append(history[e.StreamID], queries.Version{
			Memory: answer(t, m.Snapshot(), e), EventType: e.Type, Actor: meta.Actor, Reason: e.Reason(),
		})
		asOf := queries.At{AsOf: queries.AsOf{SequenceID: e.SequenceID}}
		require.Equal(t, known(e.CreatedAt), w.list(ctx, t, tenant, asOf), "%s tables as of %d", which, e.SequenceID)
	}
	require.Equal(t, known(w.now), w.list(ctx, t, tenant, queries.At{MinSequenceID: page.Head}), "%s tables", which)
	for id, versions := range history {
		actual, err := w.reader.History(ctx, tenant, id, queries.HistoryPage{Limit: queries.MaxLimit}, queries.At{})
		require.NoError(t, err)
		for i := range actual.Versions {
			actual.Versions[i].Memory = canonical(t, actual.Versions[i].Memory)
		}
		require.Equal(t, versions, actual.Versions, "%s history of %s", which, id)
	}
	return len(page.Events)
}

// list returns the memories of a tenant in any state.
func (w *world) list(ctx context.Context, t *rapid.T, tenant domain.Tenant, at queries.At) map[uuid.UUID]queries.Memory {
	result, err := w.reader.List(ctx, tenant, queries.Filter{State: queries.StateAll}, queries.Page{Limit: queries.MaxLimit}, at)
	require.NoError(t, err)
	require.Equal(t, max(at.AsOf.SequenceID, at.MinSequenceID), result.SequenceID)
	all := map[uuid.UUID]queries.Memory{}
	for _, m := range result.Memories {
		require.NotContains(t, all, m.ID)
		all[m.ID] = canonical(t, m)
	}
	return all
}

// answer returns a folded memory as a query would.
func answer(t *rapid.T, s memory.Snapshot, last eventstore.Event) queries.Memory {
	return canonical(t, queries.Memory{
		ID: s.ID, AgentID: s.AgentID, UserID: s.UserID, Type: s.Type, Content: s.Content.Raw(), Confidence: s.Confidence, Metadata: s.Metadata.Raw(),
		State: string(s.State), Version: s.Version, SequenceID: last.SequenceID, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt,
		RecordedAt: last.CreatedAt, ExpiresAt: s.ExpiresAt, ValidFrom: s.ValidFrom, ValidTo: s.ValidTo,
	})
}

// canonical makes memories comparable: PostgreSQL returns equal JSON, but not the same text.
func canonical(t *rapid.T, m queries.Memory) queries.Memory {
	for _, raw := range []*json.RawMessage{&m.Content, &m.Metadata} {
		value, err := canonjson.Parse(*raw)
		require.NoError(t, err)
		*raw = value.Raw()
	}
	return m
}
