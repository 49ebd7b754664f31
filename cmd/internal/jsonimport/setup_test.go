package jsonimport

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/queries"
)

// world is a real log with its projection, and the dependencies of an import.
type world struct {
	log      *eventstore.Log
	writer   *writer.Writer
	handler  *commands.Handler
	reader   *queries.Reader
	runner   *runner.Runner
	outcomes []Outcome
}

func setup(t *testing.T) *world {
	t.Helper()
	return newWorld(pgtest.New(t))
}

func newWorld(pool *pgxpool.Pool) *world {
	log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
	watcher := eventstore.NewWatcher(pool, eventstore.LogChannel, zap.NewNop())
	return &world{
		log: log, writer: appends, handler: commands.New(log, appends, commands.Config{}), reader: queries.New(pool, queries.Config{}),
		runner: runner.New(pool, log, watcher, runner.Config{}, agentmemories.Projection{}),
	}
}

func (w *world) deps() Deps {
	w.outcomes = nil
	return Deps{
		Import: w.handler.Import,
		Current: func(ctx context.Context, tenant domain.Tenant, minSequence int64, ids []uuid.UUID) (map[uuid.UUID]queries.Memory, error) {
			if err := w.runner.CatchUp(ctx); err != nil {
				return nil, err
			}
			memories, _, err := w.reader.ByIDs(ctx, tenant, ids, queries.At{MinSequenceID: minSequence})
			return memories, err
		},
		Versions: func(ctx context.Context, tenant domain.Tenant, id uuid.UUID) ([]queries.Version, error) {
			result, err := w.reader.History(ctx, tenant, id, queries.HistoryPage{}, queries.At{})
			return result.Versions, err
		},
		Outcome: func(o Outcome) error {
			w.outcomes = append(w.outcomes, o)
			return nil
		},
	}
}

// run imports a tree, which must succeed, and returns the report and the outcomes.
func (w *world) run(t *testing.T, o Options) (*Report, []Outcome) {
	t.Helper()
	if o.User == "" {
		o.User = "anna"
	}
	if o.Zone == nil {
		o.Zone = berlin(t)
	}
	report, err := Run(t.Context(), o, w.deps())
	require.NoError(t, err)
	return report, w.outcomes
}

// requireForetold compares what a dry run foretold with what happened; only random ids are not known before.
func requireForetold(t *testing.T, dry, outcomes []Outcome) {
	t.Helper()
	require.Len(t, outcomes, len(dry))
	for i := range dry {
		if dry[i].Verdict == Added && dry[i].ID == uuid.Nil {
			dry[i].ID = outcomes[i].ID
		}
	}
	require.Equal(t, dry, outcomes)
}

func (w *world) memory(t *testing.T, id uuid.UUID) queries.Memory {
	t.Helper()
	m, _, err := w.reader.Get(t.Context(), domain.DefaultTenant, id, queries.At{})
	require.NoError(t, err)
	return m
}

func (w *world) head(t *testing.T) int64 {
	t.Helper()
	head, err := w.log.Head(t.Context(), domain.DefaultTenant)
	require.NoError(t, err)
	return head.SequenceID
}

func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := ParseZone("Europe/Berlin")
	require.NoError(t, err)
	return zone
}

// filesOf writes a tree of files and returns its root, a directory named "old".
func filesOf(t *testing.T, files map[string]string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "old")
	require.NoError(t, os.Mkdir(root, 0o755))
	for name, text := range files {
		put(t, root, name, text)
	}
	return root
}

func put(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	require.NoError(t, os.Chtimes(path, at, at))
}
