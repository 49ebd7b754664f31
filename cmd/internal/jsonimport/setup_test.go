package jsonimport

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
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

func TestMain(m *testing.M) { pgtest.Main(m) }

// world is a real log with its projection, and the dependencies of an import.
type world struct {
	log     *eventstore.Log
	handler *commands.Handler
	reader  *queries.Reader
	runner  *runner.Runner
}

func setup(t *testing.T) *world {
	t.Helper()
	pool := pgtest.New(t)
	log := eventstore.NewLog(pool)
	watcher := eventstore.NewWatcher(pool, eventstore.LogChannel, zap.NewNop())
	return &world{
		log: log, handler: commands.New(log, writer.New(pool, writer.Config{}), commands.Config{}), reader: queries.New(pool, queries.Config{}),
		runner: runner.New(pool, log, watcher, runner.Config{}, agentmemories.Projection{}),
	}
}

func (w *world) deps() Deps {
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
	}
}

func (w *world) run(t *testing.T, o Options) (*Report, []Outcome) {
	t.Helper()
	return runWith(t, o, w.deps())
}

// runWith imports a tree, which must succeed, and returns the report and the outcomes.
func runWith(t *testing.T, o Options, deps Deps) (*Report, []Outcome) {
	t.Helper()
	o.User, o.Outcomes = cmp.Or(o.User, "anna"), cmp.Or(o.Outcomes, filepath.Join(t.TempDir(), "outcomes"))
	if o.Zone == nil {
		o.Zone = berlin(t)
	}
	report, err := Run(t.Context(), o, deps)
	require.NoError(t, err)
	return report, lines[Outcome](t, o.Outcomes)
}

// lines decodes a file of JSON lines.
func lines[T any](t *testing.T, file string) (all []T) {
	t.Helper()
	for line := range strings.Lines(read(t, file)) {
		var one T
		require.NoError(t, json.Unmarshal([]byte(line), &one))
		all = append(all, one)
	}
	return all
}

func read(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(raw)
}

// each returns what it finds in each memory or outcome.
func each[T, V any](all []T, one func(T) V) []V {
	var found []V
	for _, a := range all {
		found = append(found, one(a))
	}
	return found
}

// verdicts lists those of the records, in their order.
func verdicts(outcomes []Outcome) string {
	return strings.Join(each(outcomes, func(o Outcome) string { return string(o.Verdict) }), " ")
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
