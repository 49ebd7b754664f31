package projections_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/projections/search"
	"github.com/auren-memory/auren/queries"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// world is a database with two tenants, whose memories have the same ids.
type world struct {
	pool    *pgxpool.Pool
	log     *eventstore.Log
	writer  *writer.Writer
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
	w := &world{pool: pool, log: eventstore.NewLog(pool), writer: writer.New(pool, writer.Config{})}
	w.handler = commands.New(w.log, w.writer, commands.Config{})
	w.reader = queries.New(pool, queries.Config{Now: func() time.Time {
		if w.now.IsZero() {
			return time.Now()
		}
		return w.now
	}})
	return w
}

func (w *world) close() {
	w.writer.Close()
	w.pool.Close()
}

// rememberSome remembers memories for the following commands to change.
func (w *world) rememberSome(t *rapid.T) {
	for _, tenant := range tenants {
		batch := make([]commands.Remember, 3)
		for i := range batch {
			batch[i] = commands.Remember{ID: &ids[i], Draft: memory.Draft{AgentID: "coach", UserID: "ana", Content: drawContent(t)}}
		}
		_, err := w.handler.RememberBatch(t.Context(), commands.Request{Tenant: tenant}, batch)
		require.NoError(t, err)
	}
}

func (w *world) projections() []projections.Projection {
	return []projections.Projection{agentmemories.Projection{}, search.New()}
}

func (w *world) project(ctx context.Context, t *rapid.T) {
	for _, p := range w.projections() {
		watcher := eventstore.NewWatcher(w.pool, eventstore.LogChannel, zap.NewNop())
		batch := runner.Config{Batch: rapid.IntRange(1, 20).Draw(t, "batch")}
		require.NoError(t, runner.New(w.pool, w.log, watcher, batch, p).CatchUp(ctx))
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
			_, err := w.handler.Revise(ctx, request(t), drawID(t), drawRevision(t))
			requireDecided(t, err)
		},
		"adjust confidence": func(t *rapid.T) {
			_, err := w.handler.AdjustConfidence(ctx, request(t), drawID(t), rapid.Float64Range(0, 1).Draw(t, "confidence"))
			requireDecided(t, err)
		},
		"record evidence": func(t *rapid.T) {
			_, err := w.handler.RecordEvidence(ctx, request(t), drawID(t), memory.Evidence{Supports: rapid.Bool().Draw(t, "supports"), Note: "seen"})
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
			_, err := commands.NewSweeper(w.handler, w.reader.Due, commands.SweeperConfig{}, zap.NewNop()).SweepOnce(ctx)
			require.NoError(t, err)
		},
		"project": func(t *rapid.T) { w.project(ctx, t) },
	}
}

func request(t *rapid.T) commands.Request {
	return commands.Request{
		Tenant: rapid.SampledFrom(tenants).Draw(t, "tenant"),
		Meta: domain.Meta{
			Actor:     rapid.SampledFrom([]string{"ana", "bo"}).Draw(t, "actor"),
			CommandID: rapid.SampledFrom([]string{"", "", "", "", "", "", "", "", "1", "2"}).Draw(t, "command_id"),
		},
		Reason:          rapid.SampledFrom([]string{"", "because"}).Draw(t, "reason"),
		ExpectedVersion: max(0, rapid.IntRange(-9, 4).Draw(t, "expected_version")),
	}
}

func drawID(t *rapid.T) uuid.UUID { return rapid.SampledFrom(ids).Draw(t, "id") }

func drawContent(t *rapid.T) canonjson.Value {
	words := rapid.SliceOfN(rapid.SampledFrom([]string{"sleeps", "runs", "tea", "Zürich", "😀"}), 0, 3).Draw(t, "words")
	said := make([]canonjson.Value, len(words))
	for i, word := range words {
		said[i] = canonjson.Text(word)
	}
	return canonjson.NewObject(nil).Float("n", rapid.Float64Range(-1e9, 1e9).Draw(t, "n")).Value("words", canonjson.List(said...)).Done()
}

func drawRevision(t *rapid.T) memory.Revision {
	r := memory.Revision{Content: drawContent(t), Metadata: canonjson.MustParse(`{"k":1.50}`)}
	if rapid.Bool().Draw(t, "moves") {
		r.ValidFrom, r.ValidTo = domain.SetTime(drawYear(t, 2000)), domain.SetTime(drawYear(t, 2010))
	}
	return r
}

// drawExpiry often draws a time that passes while the history is generated.
func drawExpiry(t *rapid.T) *time.Time {
	at := time.Now().Add(time.Duration(rapid.IntRange(-20, 100).Draw(t, "expiry")) * time.Millisecond)
	return rapid.SampledFrom([]*time.Time{nil, nil, nil, &at}).Draw(t, "expires_at")
}

// drawYear draws one of ten years, or none.
func drawYear(t *rapid.T, from int) *time.Time {
	at := time.Date(from+rapid.IntRange(0, 9).Draw(t, "year"), 1, 1, 0, 0, 0, 0, time.UTC)
	return rapid.SampledFrom([]*time.Time{nil, &at}).Draw(t, "valid")
}

func drawRemember(t *rapid.T) commands.Remember {
	id, at := drawID(t), time.Now().Add(-time.Hour)
	return commands.Remember{ID: &id, OccurredAt: rapid.SampledFrom([]*time.Time{nil, &at}).Draw(t, "occurred_at"), Draft: memory.Draft{AgentID: "coach", UserID: rapid.SampledFrom([]string{"ana", "bo"}).Draw(t, "user"), Type: rapid.SampledFrom([]string{"", "fact"}).Draw(t, "memory_type"), Content: drawContent(t), ExpiresAt: drawExpiry(t), ValidFrom: drawYear(t, 2000), ValidTo: drawYear(t, 2010)}}
}

// requireDecided accepts the rejections that belong to a history: they write nothing.
func requireDecided(t *rapid.T, err error) {
	switch domain.KindOf(err) {
	case domain.Conflict, domain.NotFound, domain.Reused:
		return
	}
	require.NoError(t, err)
}
