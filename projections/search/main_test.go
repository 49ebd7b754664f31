package search_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/projections/search"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const tenant = domain.DefaultTenant

var occurred = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type fixture struct {
	pool   *pgxpool.Pool
	log    *eventstore.Log
	writer *writer.Writer
}

func setup(t *testing.T) fixture {
	t.Helper()
	t.Parallel()
	pool := pgtest.New(t)
	f := fixture{pool: pool, log: eventstore.NewLog(pool), writer: writer.New(pool, writer.Config{})}
	t.Cleanup(f.writer.Close)
	return f
}

// told is an event of a memory of a user.
type told struct {
	memory uuid.UUID
	user   string
	event  memory.Event // nil: one that no program knows
}

// tell appends events, whatever was told before.
func (f fixture) tell(t *testing.T, all ...told) {
	t.Helper()
	const atOnce = 500
	for len(all) > 0 {
		n := min(atOnce, len(all))
		c := eventstore.Command{Tenant: tenant}
		for _, e := range all[:n] {
			stored := eventstore.NewEvent{ID: uuid.New(), Type: "memory_dreamt", SchemaVersion: 1, Payload: canonjson.EmptyObject(), OccurredAt: occurred}
			if e.event != nil {
				encoded := memory.Encode(e.event)
				stored.Type, stored.SchemaVersion, stored.Payload, stored.Contents = encoded.Type, encoded.SchemaVersion, encoded.Payload, encoded.Contents
			}
			c.Writes = append(c.Writes, eventstore.StreamAppend{
				StreamID: e.memory, Expected: eventstore.Any, AgentID: "coach", UserID: e.user, Events: []eventstore.NewEvent{stored},
			})
		}
		_, err := f.writer.Append(t.Context(), c)
		require.NoError(t, err)
		all = all[n:]
	}
}

func remembered(user, content string) memory.Remembered {
	return memory.Remembered{Fields: memory.Fields{
		AgentID: "coach", UserID: user, Type: "fact", Content: canonjson.Text(content), Confidence: 0.5, Metadata: canonjson.EmptyObject(),
	}}
}

func revised(content string) memory.Revised {
	return memory.Revised{Type: "fact", Content: canonjson.Text(content), Metadata: canonjson.EmptyObject(), Changed: []string{"content"}}
}

func (f fixture) project(t *testing.T, batch int) {
	t.Helper()
	require.NoError(t, f.run(t, batch, search.New()))
}

func (f fixture) run(t *testing.T, batch int, p projections.Projection) error {
	t.Helper()
	watcher := eventstore.NewWatcher(f.pool, eventstore.LogChannel, zap.NewNop())
	return runner.New(f.pool, f.log, watcher, runner.Config{Batch: batch}, p).CatchUp(t.Context())
}

// clear empties the tables, for the log to be projected once more.
func (f fixture) clear(t *testing.T) {
	t.Helper()
	_, err := f.pool.Exec(t.Context(), `
		delete from search_scopes; delete from search_documents; delete from search_tails; delete from search_segments; delete from search_postings;
		delete from search_ends; delete from search_terms; truncate projection_checkpoints`)
	require.NoError(t, err)
}

// tables returns every row of every table as text.
func (f fixture) tables(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, table := range search.New().Tables() {
		all[table] = f.lines(t, "select r::text from "+table+" as r order by 1")
	}
	return all
}

func (f fixture) lines(t *testing.T, sql string) []string {
	t.Helper()
	rows, err := f.pool.Query(t.Context(), sql)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return lines
}
