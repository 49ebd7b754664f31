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
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/rebuild"
	"github.com/auren-memory/auren/projections/search"
	"github.com/auren-memory/auren/queries"
)

// Any history of commands leaves tables that a rebuild makes again row for row, and from which queries answer what a
// fold of the log knows: now, and as of each of its events.
func TestFoldLiveRebuiltAndAsOfAgree(t *testing.T) {
	t.Parallel()
	newWorld(t).close() // the start of the server does not count
	deadline := time.Now().Add(checkFor())
	histories, events, failed := 0, 0, false
	rapid.Check(t, func(rt *rapid.T) {
		// A history that was refuted must be so again while it is shrunk.
		if !failed && time.Now().After(deadline) {
			return
		}
		defer func() { failed = failed || rt.Failed() }()
		w := newWorld(t)
		defer w.close()
		w.rememberSome(rt)
		for range 3 { // one is rather short
			rt.Repeat(w.actions(rt.Context()))
		}
		events += w.requireEquivalence(rt)
		histories++
	})
	t.Logf("%d histories of %d events", histories, events)
}

// checkFor is how long histories are made and checked: 5 s, 2 s with -short, or AUREN_TEST_SECONDS.
func checkFor() time.Duration {
	if s, err := strconv.Atoi(os.Getenv("AUREN_TEST_SECONDS")); err == nil {
		return time.Duration(s) * time.Second
	}
	if testing.Short() {
		return 2 * time.Second
	}
	return 5 * time.Second
}

// world is a database with two tenants, whose memories have the same ids.
type world struct {
	pool    *pgxpool.Pool
	store   *eventstore.Store
	handler *commands.Handler
	reader  *queries.Reader
	now     time.Time // of the reader; zero: of the machine
}

var (
	tenants = []domain.Tenant{"north", "south"}
	ids     = []uuid.UUID{uuid.New(), uuid.New(), uuid.New(), uuid.New(), uuid.New()}
)

func newWorld(t *testing.T) *world {
	t.Helper()
	pool := pgtest.New(t)
	w := &world{pool: pool, store: eventstore.New(pool, eventstore.Config{})}
	w.handler = commands.New(w.store, commands.Config{})
	w.reader = queries.New(pool, queries.Config{Now: func() time.Time {
		if w.now.IsZero() {
			return time.Now()
		}
		return w.now
	}})
	return w
}

func (w *world) close() {
	w.store.Close()
	w.pool.Close()
}

// rememberSome gives the commands that follow something to change.
func (w *world) rememberSome(t *rapid.T) {
	for _, tenant := range tenants {
		batch := make([]commands.Remember, 3)
		for i := range batch {
			batch[i] = commands.Remember{ID: &ids[i], AgentID: "coach", UserID: "ana", Content: drawContent(t)}
		}
		_, err := w.handler.RememberBatch(t.Context(), commands.Request{Tenant: tenant}, batch)
		require.NoError(t, err)
	}
}

func (w *world) projections() []projections.Projection {
	return []projections.Projection{agentmemories.Projection{}, search.New(w.pool, search.Config{})}
}

func (w *world) project(ctx context.Context, t *rapid.T) {
	for _, p := range w.projections() {
		watcher := eventstore.NewWatcher(w.pool, eventstore.LogChannel, zap.NewNop())
		batch := projections.Config{Batch: rapid.IntRange(1, 20).Draw(t, "batch")}
		require.NoError(t, projections.NewRunner(w.pool, w.store, watcher, p, batch).CatchUp(ctx))
	}
}

func (w *world) actions(ctx context.Context) map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"remember": func(t *rapid.T) {
			_, err := w.handler.Remember(ctx, request(t), drawRemember(t))
			requireDecided(t, err)
		},
		"remember batch": func(t *rapid.T) {
			_, err := w.handler.RememberBatch(ctx, request(t), rapid.SliceOfN(rapid.Custom(drawRemember), 1, 3).Draw(t, "batch"))
			requireDecided(t, err)
		},
		"revise": func(t *rapid.T) {
			_, err := w.handler.Revise(ctx, request(t), drawID(t), commands.Revise{Content: drawContent(t), Metadata: json.RawMessage(`{"k":1.50}`)})
			requireDecided(t, err)
		},
		"adjust confidence": func(t *rapid.T) {
			_, err := w.handler.AdjustConfidence(ctx, request(t), drawID(t), rapid.Float64Range(0, 1).Draw(t, "confidence"))
			requireDecided(t, err)
		},
		"record evidence": func(t *rapid.T) {
			_, err := w.handler.RecordEvidence(ctx, request(t), drawID(t), commands.Evidence{Supports: rapid.Bool().Draw(t, "supports"), Note: "seen"})
			requireDecided(t, err)
		},
		"set expiry": func(t *rapid.T) {
			_, err := w.handler.SetExpiry(ctx, request(t), drawID(t), drawExpiry(t))
			requireDecided(t, err)
		},
		"forget": func(t *rapid.T) {
			_, err := w.handler.Forget(ctx, request(t), drawID(t))
			requireDecided(t, err)
		},
		"restore": func(t *rapid.T) {
			_, err := w.handler.Restore(ctx, request(t), drawID(t))
			requireDecided(t, err)
		},
		"sweep": func(t *rapid.T) {
			_, err := commands.NewSweeper(w.handler, w.due, commands.SweeperConfig{}, zap.NewNop()).SweepOnce(ctx)
			require.NoError(t, err)
		},
		"project": func(t *rapid.T) { w.project(ctx, t) },
	}
}

func (w *world) due(ctx context.Context, now time.Time, limit int) ([]commands.Due, error) {
	due, err := w.reader.Due(ctx, now, limit)
	var all []commands.Due
	for _, d := range due {
		all = append(all, commands.Due{Tenant: d.Tenant, ID: d.ID})
	}
	return all, err
}

func request(t *rapid.T) commands.Request {
	return commands.Request{
		Tenant: rapid.SampledFrom(tenants).Draw(t, "tenant"),
		Meta: domain.Meta{
			Actor:     rapid.SampledFrom([]string{"ana", "bo"}).Draw(t, "actor"),
			Reason:    rapid.SampledFrom([]string{"", "because"}).Draw(t, "reason"),
			CommandID: rapid.SampledFrom([]string{"", "", "", "", "", "", "", "", "1", "2"}).Draw(t, "command_id"),
		},
		ExpectedVersion: max(0, rapid.IntRange(-9, 4).Draw(t, "expected_version")),
	}
}

func drawID(t *rapid.T) uuid.UUID { return rapid.SampledFrom(ids).Draw(t, "id") }

func drawContent(t *rapid.T) json.RawMessage {
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"sleeps", "runs", "tea", "Zürich", "😀"}), 0, 3).Draw(t, "words")
	raw, err := json.Marshal(map[string]any{"words": words, "n": rapid.Float64Range(-1e9, 1e9).Draw(t, "n")})
	require.NoError(t, err)
	return raw
}

// drawExpiry often draws a moment that comes while the history is made.
func drawExpiry(t *rapid.T) *time.Time {
	at := time.Now().Add(time.Duration(rapid.IntRange(-20, 100).Draw(t, "expiry")) * time.Millisecond)
	return rapid.SampledFrom([]*time.Time{nil, nil, nil, &at}).Draw(t, "expires_at")
}

func drawRemember(t *rapid.T) commands.Remember {
	id, at := drawID(t), time.Now().Add(-time.Hour)
	return commands.Remember{
		ID: &id, AgentID: "coach", UserID: rapid.SampledFrom([]string{"ana", "bo"}).Draw(t, "user"),
		Type: rapid.SampledFrom([]string{"", "fact"}).Draw(t, "memory_type"), Content: drawContent(t), ExpiresAt: drawExpiry(t),
		OccurredAt: rapid.SampledFrom([]*time.Time{nil, &at}).Draw(t, "occurred_at"),
	}
}

// requireDecided takes the refusals that belong to a history: they write nothing.
func requireDecided(t *rapid.T, err error) {
	switch domain.KindOf(err) {
	case domain.Conflict, domain.NotFound, domain.Reused:
		return
	}
	require.NoError(t, err)
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

// requireAnswersOfFold folds the log event by event and holds what queries answer as of each equal to the fold.
func (w *world) requireAnswersOfFold(ctx context.Context, t *rapid.T, tenant domain.Tenant, which string) (events int) {
	page, err := w.store.ReadLog(ctx, tenant, 0, eventstore.Filter{}, 1_000_000)
	require.NoError(t, err)
	memories := map[uuid.UUID]*memory.Memory{}
	positions := map[uuid.UUID]int64{}
	history := map[uuid.UUID][]queries.Version{}
	known := func(at time.Time) map[uuid.UUID]queries.Memory {
		all := map[uuid.UUID]queries.Memory{}
		for id, m := range memories {
			all[id] = answer(t, m.Snapshot(), positions[id])
			folded := all[id]
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
		fact, err := memory.Decode(e.Type, e.SchemaVersion, e.Payload)
		require.NoError(t, err)
		m.Apply(e.StreamID, fact, e.OccurredAt)
		positions[e.StreamID] = e.SequenceID
		meta, err := e.Meta()
		require.NoError(t, err)
		history[e.StreamID] = append(history[e.StreamID], queries.Version{
			Memory: answer(t, m.Snapshot(), e.SequenceID), EventType: e.Type, Actor: meta.Actor, Reason: meta.Reason, RecordedAt: e.CreatedAt,
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

// list returns the memories of a tenant in whatever state.
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

// answer is a memory as folded, in the words of a query.
func answer(t *rapid.T, s memory.Snapshot, sequenceID int64) queries.Memory {
	return canonical(t, queries.Memory{
		ID: s.ID, AgentID: s.AgentID, UserID: s.UserID, Type: s.Type, Content: s.Content, Confidence: s.Confidence, Metadata: s.Metadata,
		State: string(s.State), Version: s.Version, SequenceID: sequenceID, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, ExpiresAt: s.ExpiresAt,
	})
}

// canonical makes memories comparable: what PostgreSQL returns of a JSON is an equal, but not the same text.
func canonical(t *rapid.T, m queries.Memory) queries.Memory {
	for _, raw := range []*json.RawMessage{&m.Content, &m.Metadata} {
		text, err := domain.CanonicalJSON(*raw)
		require.NoError(t, err)
		*raw = text
	}
	return m
}
