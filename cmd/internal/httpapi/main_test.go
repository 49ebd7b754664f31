package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/cmd/internal/observe"
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

// service is a whole API on a database of its own.
type service struct {
	url        string
	client     *http.Client
	pool       *pgxpool.Pool
	log        *eventstore.Log
	deps       api.Deps
	operations httpapi.Operations
}

// setup is a service whose projections are kept up to date until the test ends.
func setup(t testing.TB) *service {
	s := newService(t)
	for _, p := range []projections.Projection{search.New(), agentmemories.Projection{}} {
		background(t, runner.New(s.pool, s.log, s.deps.LogWatcher, runner.Config{}, p).Run)
	}
	return s
}

// newService is a service without projections.
func newService(t testing.TB) *service { return newTracedService(t, nil) }

func newTracedService(t testing.TB, tracer trace.Tracer) *service {
	t.Helper()
	pool := pgtest.New(t)
	log := zap.NewNop()
	if t, ok := t.(*testing.T); ok {
		log = zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel))
	}
	events, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{Tracer: tracer})
	t.Cleanup(appends.Close)
	logWatcher := eventstore.NewWatcher(pool, eventstore.LogChannel, log)
	projectionWatcher := logWatcher.OnChannel(projections.Channel)
	background(t, logWatcher.Run)

	registry := observe.NewRegistry("v1.2.3")
	metrics := observe.NewHTTPMetrics(registry)
	registry.MustRegister(observe.NewPoolCollector(pool))
	s := &service{pool: pool, log: events}
	s.operations = httpapi.Operations{
		Version:  "v1.2.3",
		Log:      log,
		Ready:    observe.NewHealth(observe.Check{Name: "database", Do: pool.Ping}).Ready,
		Metrics:  observe.MetricsHandler(registry),
		Answered: metrics.Answered,
		Tracer:   tracer,
	}
	s.deps = api.Deps{
		Commands:    commands.New(events, appends, commands.Config{Tracer: tracer}),
		Queries:     queries.New(pool, queries.Config{Wake: projectionWatcher.Subscribe, WaitLimit: 30 * time.Second}),
		Log:         events,
		LogWatcher:  logWatcher,
		Projections: func(ctx context.Context) ([]projections.Status, error) { return projections.ReadStatus(ctx, pool) },
	}
	s.url = serve(t, httpapi.New(api.New(s.deps), s.operations, httpapi.Config{})).url
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 200}}
	t.Cleanup(s.client.CloseIdleConnections)
	return s
}

// serve is a service of which only the server is needed.
func serve(t testing.TB, handler http.Handler) *service {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &service{url: server.URL, client: server.Client()}
}

func background(t testing.TB, run func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
}

// reply is an answer, read whole.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// send sends a request; headers come in pairs of name and value.
func (s *service) send(t testing.TB, method, path, body string, headers ...string) reply {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, reader)
	require.NoError(t, err)
	if body != "" && !slices.Contains(headers, "Content-Type") {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	answer, err := s.client.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	read, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return reply{answer.StatusCode, answer.Header, read}
}

// ok requires a status and decodes the body.
func ok[T any](t testing.TB, r reply, status int) (into T) {
	t.Helper()
	require.Equal(t, status, r.status, "%s", r.body)
	require.Equal(t, "application/json", r.header.Get("Content-Type"))
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.DisallowUnknownFields()
	require.NoError(t, d.Decode(&into), "%s", r.body)
	return into
}

// problem requires a problem with a status and decodes it.
func problem(t testing.TB, r reply, status int) api.Problem {
	t.Helper()
	require.Equal(t, status, r.status, "%s", r.body)
	require.Equal(t, "application/problem+json", r.header.Get("Content-Type"))
	var p api.Problem
	require.NoError(t, json.Unmarshal(r.body, &p), "%s", r.body)
	require.Equal(t, status, p.Status)
	require.Regexp(t, `^urn:auren:problem:[a-z-]+$`, p.Type)
	require.NotEmpty(t, p.Title)
	require.NotEmpty(t, p.Detail)
	require.True(t, bytes.HasSuffix(r.body, []byte("}\n")), "it ends like any other body")
	return p
}

// remember remembers something and returns the receipt.
func (s *service) remember(t testing.TB, body string, headers ...string) commands.Receipt {
	t.Helper()
	return ok[commands.Receipt](t, s.send(t, "POST", "/v1/memories", body, headers...), http.StatusCreated)
}

// head is the last sequence_id of a tenant's log.
func (s *service) head(t testing.TB, tenant domain.Tenant) int64 {
	t.Helper()
	head, err := s.log.Head(t.Context(), tenant)
	require.NoError(t, err)
	return head.SequenceID
}

// first is the event that a memory begins with, and what stands beside it.
func (s *service) first(t *testing.T, memory uuid.UUID) (eventstore.Event, domain.Meta) {
	t.Helper()
	events, _, err := s.log.ReadStream(t.Context(), "default", memory, 1, eventstore.Forwards, 1)
	require.NoError(t, err)
	require.Len(t, events, 1)
	meta, err := events[0].Meta()
	require.NoError(t, err)
	return events[0], meta
}

const coffee = `{"agent_id":"coach","user_id":"ana","content":{"text":"Sleeps badly after late coffee"},"confidence":0.7,"metadata":{"topic":"sleep"}}`
