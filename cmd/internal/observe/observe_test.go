package observe_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/observe"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/projections"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestLogger(t *testing.T) {
	t.Parallel()
	t.Run("writes JSON for programs", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		log, err := observe.NewLogger(&out, observe.LogConfig{})
		require.NoError(t, err)
		log.Debug("hidden")
		log.Info("shown", zap.Int("events", 3), zap.Duration("took", 1500*time.Millisecond))
		var line map[string]any
		require.NoError(t, json.Unmarshal(out.Bytes(), &line))
		require.Equal(t, "shown", line["msg"])
		require.Equal(t, "info", line["level"])
		require.Equal(t, 1.5, line["took"])
		_, err = time.Parse(time.RFC3339Nano, line["ts"].(string))
		require.NoError(t, err)
	})
	t.Run("writes lines for people", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		log, err := observe.NewLogger(&out, observe.LogConfig{Level: "debug", Terminal: true})
		require.NoError(t, err)
		log.Debug("shown", zap.Int("events", 3))
		require.Contains(t, out.String(), `shown {"events": 3}`)
	})
	for _, level := range []string{"loud", "fatal", "panic"} {
		_, err := observe.NewLogger(&bytes.Buffer{}, observe.LogConfig{Level: level})
		require.ErrorContains(t, err, "debug, info, warn and error")
	}
}

func TestHTTPMetrics(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	m := observe.NewHTTPMetrics(r)
	m.Answered("/v1/memories", "POST", 201, 3*time.Millisecond)
	m.Answered("/v1/memories", "POST", 422, time.Millisecond)
	m.Answered("/v1/events/live", "GET", 200, -1)
	require.Equal(t, map[string]float64{
		"requests_total GET /v1/events/live 2xx": 1, "requests_total POST /v1/memories 2xx": 1, "requests_total POST /v1/memories 4xx": 1,
		"request_duration_seconds POST /v1/memories": .004,
	}, gathered(t, "auren_http_", r))
}

func TestPoolMetrics(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	r := observe.NewRegistry("v1")
	r.MustRegister(observe.NewPoolCollector(pool))
	w := httptest.NewRecorder()
	observe.MetricsHandler(r).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{`auren_db_pool_connections{state="acquired"} 1`, "auren_db_pool_acquires_total 1", `auren_build_info{go_version=`} {
		require.Contains(t, w.Body.String(), want)
	}
	problems, err := testutil.GatherAndLint(r)
	require.NoError(t, err)
	require.Empty(t, problems)
}

// samples is gathered of one collector.
func samples(t *testing.T, prefix string, registered prometheus.Collector) map[string]float64 {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(registered)
	return gathered(t, prefix, r)
}

// gathered returns the value of each counter and gauge that begins with a prefix, and the sum of each histogram, by what it
// is called when it is scraped. What they are called is linted.
func gathered(t *testing.T, prefix string, r prometheus.Gatherer) map[string]float64 {
	t.Helper()
	problems, err := testutil.GatherAndLint(r)
	require.NoError(t, err)
	require.Empty(t, problems)
	families, err := r.Gather()
	require.NoError(t, err)
	found := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name, ok := strings.CutPrefix(f.GetName(), prefix)
			for _, label := range m.GetLabel() {
				name += " " + label.GetValue()
			}
			if ok {
				found[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetHistogram().GetSampleSum()
			}
		}
	}
	return found
}

func TestLag(t *testing.T) {
	t.Parallel()
	t.Run("is summed over the tenants", func(t *testing.T) {
		t.Parallel()
		at := int64(7)
		c := observe.NewLagCollector(func(context.Context) ([]projections.Status, error) {
			return []projections.Status{
				{Projection: "search", Lag: 2, LagSeconds: 1, Holder: "x", State: projections.Moving},
				{Projection: "search", Lag: 3, LagSeconds: 4, State: projections.Stuck, StoppedAt: &at},
				{Projection: "agent_memories", Holder: "x", State: projections.Idle},
			}, nil
		})
		require.Equal(t, map[string]float64{
			"status_up":         1,
			"lag_events search": 5, "lag_seconds search": 4, "stopped_tenants search": 1, "stuck_tenants search": 1, "unled_tenants search": 1,
			"lag_events agent_memories": 0, "lag_seconds agent_memories": 0, "stopped_tenants agent_memories": 0,
			"stuck_tenants agent_memories": 0, "unled_tenants agent_memories": 0,
		}, samples(t, "auren_projection_", c))
	})
	t.Run("does not hold a scrape up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			c := observe.NewLagCollector(func(ctx context.Context) ([]projections.Status, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})
			require.Equal(t, 1, testutil.CollectAndCount(c))
			require.Zero(t, testutil.ToFloat64(c))
			require.Equal(t, 4*time.Second, time.Since(began), "two scrapes")
		})
	})
}

func TestAppendMetrics(t *testing.T) {
	t.Parallel()
	r := prometheus.NewPedanticRegistry()
	m := observe.NewAppendMetrics(r)
	m.Appended(writer.Stats{
		Appended: 2, Events: 5, Conflicts: 1, Unknown: 1,
		Waited: []time.Duration{0, time.Millisecond, time.Millisecond, 30 * time.Millisecond}, Took: 3 * time.Millisecond,
	})
	m.Appended(writer.Stats{Duplicates: 1})
	found := gathered(t, "auren_append_", r)
	for name, want := range map[string]float64{
		"commands_total appended": 2, "commands_total conflict": 1, "commands_total duplicate": 1, "commands_total unknown": 1,
		"commands_total refused": 0, "commands_total reused": 0, "commands_total unavailable": 0,
		"events_total": 5, "batch_commands": 4, "batch_events": 5, "wait_seconds": .032, "commit_seconds": .003, "duration_seconds": .032 + 4*.003,
	} {
		require.InDelta(t, want, found[name], 1e-9, name)
		require.Contains(t, found, name)
	}
}

func TestLogCollectorTellsOfClassesOfTenants(t *testing.T) {
	t.Parallel()
	c := observe.NewLogCollector(func(context.Context) (map[domain.Tenant]int64, error) {
		return map[domain.Tenant]int64{domain.DefaultTenant: 7, "a": 3, "b": 5}, nil
	})
	require.Equal(t, map[string]float64{
		"head_events default": 7, "longest_events default": 7, "tenants default": 1, "head_events other": 8, "longest_events other": 5, "tenants other": 2,
	}, samples(t, "auren_log_", c))
	away := observe.NewLogCollector(func(context.Context) (map[domain.Tenant]int64, error) { return nil, errors.New("away") })
	require.Zero(t, testutil.CollectAndCount(away))
}

func TestProjectionMetrics(t *testing.T) {
	t.Parallel()
	r := prometheus.NewPedanticRegistry()
	m := observe.NewProjectionMetrics(r)
	seen, idle := m.Of("search"), m.Of("fanout")
	seen.Applied(3)
	seen.Applied(4)
	seen.Leased(1)
	seen.Leased(2)
	seen.Leading(func() int { return 9 })
	idle.Leading(func() int { return 0 })
	require.Equal(t, map[string]float64{
		"applied_events_total search": 7, "batch_events search": 7, "leases search": 9, "leases_taken_total search": 2, "takeovers_total search": 1,
		"applied_events_total fanout": 0, "batch_events fanout": 0, "leases fanout": 0, "leases_taken_total fanout": 0, "takeovers_total fanout": 0,
	}, gathered(t, "auren_projection_", r))
}

func TestHealth(t *testing.T) {
	t.Parallel()
	t.Run("tells of each part", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := observe.NewHealth(
				observe.Check{Name: "database", Do: func(context.Context) error { return nil }},
				observe.Check{Name: "nats", Do: func(context.Context) error { return errors.New("not connected") }},
				observe.Check{Name: "slow", Do: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
			)
			start := time.Now()
			ready, parts := h.Ready(t.Context())
			require.False(t, ready)
			require.Equal(t, map[string]string{"database": "ok", "nats": "not connected", "slow": "no answer within 1s"}, parts)
			require.Equal(t, time.Second, time.Since(start))
		})
	})
	t.Run("looks again after a while", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var looks atomic.Int32
			h := observe.NewHealth(observe.Check{Name: "database", Do: func(context.Context) error {
				looks.Add(1)
				return nil
			}})
			var asking sync.WaitGroup
			for range 10 {
				asking.Go(func() {
					ready, _ := h.Ready(t.Context())
					require.True(t, ready)
				})
			}
			asking.Wait()
			require.EqualValues(t, 1, looks.Load())
			time.Sleep(500 * time.Millisecond) //nolint:forbidigo // the clock of the bubble
			h.Ready(t.Context())
			require.EqualValues(t, 2, looks.Load())
		})
	})
	t.Run("does not believe a caller that goes away", func(t *testing.T) {
		t.Parallel()
		h := observe.NewHealth(observe.Check{Name: "database", Do: func(ctx context.Context) error { return ctx.Err() }})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		ready, _ := h.Ready(ctx)
		require.True(t, ready)
	})
}

func TestTracesAreOffUnlessTheyAreAskedFor(t *testing.T) {
	const endpoint = "http://127.0.0.1:1"
	for name, environment := range map[string]map[string]string{
		"no collector":  {},
		"SDK disabled":  {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_SDK_DISABLED": "TRUE"},
		"exporter none": {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": endpoint, "OTEL_TRACES_EXPORTER": "none"},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range environment {
				t.Setenv(variable, value)
			}
			traces, err := observe.NewTraces(t.Context(), "auren", "v1", zap.NewNop())
			require.NoError(t, err)
			require.Nil(t, traces.Tracer())
			require.Nil(t, traces.Queries())
			traces.Close(t.Context())
		})
	}
}

func TestTracesKnowOneProtocol(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	_, err := observe.NewTraces(t.Context(), "auren", "v1", zap.NewNop())
	require.ErrorContains(t, err, `"grpc"`)
	require.ErrorContains(t, err, "http/protobuf")
}
