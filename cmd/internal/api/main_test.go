package api_test

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/cmd/internal/httpclient"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/projections/search"
	"github.com/auren-memory/auren/queries"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// world is everything behind the doors, on a database of its own.
type world struct {
	pool   *pgxpool.Pool
	log    *eventstore.Log
	writer *writer.Writer
	deps   api.Deps
}

// newWorld is a world without projections.
func newWorld(t *testing.T) *world {
	t.Helper()
	pool := pgtest.New(t)
	log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
	t.Cleanup(appends.Close)
	watcher := eventstore.NewWatcher(pool, eventstore.LogChannel, zap.NewNop())
	projected := watcher.OnChannel(projections.Channel)
	background(t, watcher.Run)
	return &world{pool: pool, log: log, writer: appends, deps: api.Deps{
		Commands: commands.New(log, appends, commands.Config{}),
		Queries:  queries.New(pool, queries.Config{Wake: projected.Subscribe, WaitLimit: 30 * time.Second}),
		Log:      log, LogWatcher: watcher,
		Projections: func(ctx context.Context) ([]projections.Status, error) { return projections.ReadStatus(ctx, pool) },
	}}
}

// project keeps the read models up to date until the test ends.
func (w *world) project(t *testing.T) {
	background(t, runner.New(w.pool, w.log, w.deps.LogWatcher, runner.Config{}, agentmemories.Projection{}).Run)
	background(t, runner.New(w.pool, w.log, w.deps.LogWatcher, runner.Config{}, search.New()).Run)
}

func background(t *testing.T, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
}

func (w *world) head(t *testing.T, tenant domain.Tenant) int64 {
	t.Helper()
	head, err := w.log.Head(t.Context(), tenant)
	require.NoError(t, err)
	return head.SequenceID
}

// door is one transport. To hold another one to the same suite, add it to doors.
type door struct {
	name string
	api.Door
}

func (w *world) doors(t *testing.T) []door {
	t.Helper()
	service := api.New(w.deps)
	server := httptest.NewServer(httpapi.New(service, httpapi.Operations{Version: "v1.2.3"}, httpapi.Config{}))
	t.Cleanup(server.Close)
	client, err := httpclient.Open(t.Context(), httpclient.Config{URL: server.URL, Version: "v1.2.3"})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return []door{{"in process", service}, {"http", client}}
}

// call makes a call of whatever kind. The answer of a stream is its pages up to the end or, without one, its first.
func (d door) call(t *testing.T, c api.Caller, op *api.Operation, request string) (any, error) {
	t.Helper()
	if !op.Streams {
		reply, err := d.Do(t.Context(), c, op, []byte(request))
		return reply.Body, err
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var pages []api.Page
	err := d.Follow(ctx, c, op, []byte(request), func(p api.Page) error {
		pages = append(pages, p)
		return nil
	})
	return pages, err
}

// problem requires a problem with a status.
func (d door) problem(t *testing.T, c api.Caller, op *api.Operation, request string, status int) api.Problem {
	t.Helper()
	_, err := d.call(t, c, op, request)
	require.Error(t, err, "%s %s", op.Name, request)
	p := api.ProblemOf(err)
	require.Equal(t, status, p.Status, "%s %s: %s", op.Name, request, p.Detail)
	require.Regexp(t, `^urn:auren:problem:[a-z-]+$`, p.Type)
	require.NotEmpty(t, p.Title)
	require.NotEmpty(t, p.Detail)
	return p
}

func ok[R any](t *testing.T, d door, c api.Caller, op *api.Operation, request string) R {
	t.Helper()
	body, err := d.call(t, c, op, request)
	require.NoError(t, err, "%s %s", op.Name, request)
	return body.(R)
}
