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
	t.Run("knows its levels", func(t *testing.T) {
		t.Parallel()
		for _, level := range []string{"loud", "fatal", "panic"} {
			_, err := observe.NewLogger(&bytes.Buffer{}, observe.LogConfig{Level: level})
			require.ErrorContains(t, err, "debug, info, warn and error")
		}
	})
}

func TestHTTPMetrics(t *testing.T) {
	t.Parallel()
	r := prometheus.NewRegistry()
	m := observe.NewHTTPMetrics(r)
	m.Answered("/v1/memories", "POST", 201, 3*time.Millisecond)
	m.Answered("/v1/memories", "POST", 422, time.Millisecond)
	m.Answered("/v1/events/live", "GET", 200, -1)
	require.NoError(t, testutil.GatherAndCompare(r, strings.NewReader(`
# HELP auren_http_requests_total Requests answered, by route, method and class of status.
# TYPE auren_http_requests_total counter
auren_http_requests_total{method="GET",route="/v1/events/live",status="2xx"} 1
auren_http_requests_total{method="POST",route="/v1/memories",status="2xx"} 1
auren_http_requests_total{method="POST",route="/v1/memories",status="4xx"} 1
`), "auren_http_requests_total"))
	require.Equal(t, 1, testutil.CollectAndCount(r, "auren_http_request_duration_seconds"))
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
		}, 0)
		require.NoError(t, testutil.CollectAndCompare(c, strings.NewReader(`
# HELP auren_projection_lag_events Events not applied yet, over all tenants.
# TYPE auren_projection_lag_events gauge
auren_projection_lag_events{projection="agent_memories"} 0
auren_projection_lag_events{projection="search"} 5
# HELP auren_projection_lag_seconds Age of the oldest event not applied yet.
# TYPE auren_projection_lag_seconds gauge
auren_projection_lag_seconds{projection="agent_memories"} 0
auren_projection_lag_seconds{projection="search"} 4
# HELP auren_projection_stopped_tenants Tenants whose projection is stopped by an event that cannot be applied.
# TYPE auren_projection_stopped_tenants gauge
auren_projection_stopped_tenants{projection="agent_memories"} 0
auren_projection_stopped_tenants{projection="search"} 1
# HELP auren_projection_status_up 1 if the lag could be read at this scrape, else 0.
# TYPE auren_projection_status_up gauge
auren_projection_status_up 1
# HELP auren_projection_stuck_tenants Tenants whose projection is behind and does not move.
# TYPE auren_projection_stuck_tenants gauge
auren_projection_stuck_tenants{projection="agent_memories"} 0
auren_projection_stuck_tenants{projection="search"} 1
# HELP auren_projection_unled_tenants Tenants whose projection no process leads.
# TYPE auren_projection_unled_tenants gauge
auren_projection_unled_tenants{projection="agent_memories"} 0
auren_projection_unled_tenants{projection="search"} 1
`)))
	})
	t.Run("does not hold a scrape up", func(t *testing.T) {
		t.Parallel()
		c := observe.NewLagCollector(func(ctx context.Context) ([]projections.Status, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, time.Millisecond)
		require.NoError(t, testutil.CollectAndCompare(c, strings.NewReader(`
# HELP auren_projection_status_up 1 if the lag could be read at this scrape, else 0.
# TYPE auren_projection_status_up gauge
auren_projection_status_up 0
`)))
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
	require.NoError(t, testutil.GatherAndCompare(r, strings.NewReader(`
# HELP auren_append_commands_total Commands given to the log, by what became of them.
# TYPE auren_append_commands_total counter
auren_append_commands_total{outcome="appended"} 2
auren_append_commands_total{outcome="conflict"} 1
auren_append_commands_total{outcome="duplicate"} 1
auren_append_commands_total{outcome="refused"} 0
auren_append_commands_total{outcome="reused"} 0
auren_append_commands_total{outcome="unavailable"} 0
auren_append_commands_total{outcome="unknown"} 1
# HELP auren_append_events_total Events appended to the log.
# TYPE auren_append_events_total counter
auren_append_events_total 5
# HELP auren_append_batch_commands Commands that one transaction carried.
# TYPE auren_append_batch_commands histogram
auren_append_batch_commands_bucket{le="1"} 0
auren_append_batch_commands_bucket{le="2"} 0
auren_append_batch_commands_bucket{le="5"} 1
auren_append_batch_commands_bucket{le="10"} 1
auren_append_batch_commands_bucket{le="20"} 1
auren_append_batch_commands_bucket{le="50"} 1
auren_append_batch_commands_bucket{le="100"} 1
auren_append_batch_commands_bucket{le="200"} 1
auren_append_batch_commands_bucket{le="500"} 1
auren_append_batch_commands_bucket{le="1000"} 1
auren_append_batch_commands_bucket{le="+Inf"} 1
auren_append_batch_commands_sum 4
auren_append_batch_commands_count 1
`), "auren_append_commands_total", "auren_append_events_total", "auren_append_batch_commands"))
	sums := histograms(t, r)
	require.InDelta(t, .032, sums["auren_append_wait_seconds"], 1e-9)
	require.InDelta(t, .003, sums["auren_append_commit_seconds"], 1e-9)
	require.InDelta(t, .032+4*.003, sums["auren_append_duration_seconds"], 1e-9)
	require.InDelta(t, 5, sums["auren_append_batch_events"], 1e-9)
	problems, err := testutil.GatherAndLint(r)
	require.NoError(t, err)
	require.Empty(t, problems)
}

// histograms returns the sum of each histogram.
func histograms(t *testing.T, r prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	require.NoError(t, err)
	sums := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if h := m.GetHistogram(); h != nil {
				sums[f.GetName()] += h.GetSampleSum()
			}
		}
	}
	return sums
}

func TestLogCollectorTellsOfClassesOfTenants(t *testing.T) {
	t.Parallel()
	c := observe.NewLogCollector(func(context.Context) (map[domain.Tenant]int64, error) {
		return map[domain.Tenant]int64{domain.DefaultTenant: 7, "a": 3, "b": 5}, nil
	}, 0)
	require.NoError(t, testutil.CollectAndCompare(c, strings.NewReader(`
# HELP auren_log_head_events Events in the logs, by class of tenant.
# TYPE auren_log_head_events gauge
auren_log_head_events{tenants="default"} 7
auren_log_head_events{tenants="other"} 8
# HELP auren_log_longest_events Events in the longest log, by class of tenant.
# TYPE auren_log_longest_events gauge
auren_log_longest_events{tenants="default"} 7
auren_log_longest_events{tenants="other"} 5
# HELP auren_log_tenants Tenants that have a log, by class.
# TYPE auren_log_tenants gauge
auren_log_tenants{tenants="default"} 1
auren_log_tenants{tenants="other"} 2
`)))
	away := observe.NewLogCollector(func(context.Context) (map[domain.Tenant]int64, error) { return nil, errors.New("away") }, 0)
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
	require.NoError(t, testutil.GatherAndCompare(r, strings.NewReader(`
# HELP auren_projection_applied_events_total Events that this process applied or, in the fan-out, relayed.
# TYPE auren_projection_applied_events_total counter
auren_projection_applied_events_total{projection="fanout"} 0
auren_projection_applied_events_total{projection="search"} 7
# HELP auren_projection_leases Tenants that this process leads.
# TYPE auren_projection_leases gauge
auren_projection_leases{projection="fanout"} 0
auren_projection_leases{projection="search"} 9
# HELP auren_projection_leases_taken_total Leases that this process took.
# TYPE auren_projection_leases_taken_total counter
auren_projection_leases_taken_total{projection="fanout"} 0
auren_projection_leases_taken_total{projection="search"} 2
# HELP auren_projection_takeovers_total Leases that this process took which had been held before.
# TYPE auren_projection_takeovers_total counter
auren_projection_takeovers_total{projection="fanout"} 0
auren_projection_takeovers_total{projection="search"} 1
`), "auren_projection_applied_events_total", "auren_projection_leases", "auren_projection_leases_taken_total", "auren_projection_takeovers_total"))
	require.InDelta(t, 7, histograms(t, r)["auren_projection_batch_events"], 1e-9)
	problems, err := testutil.GatherAndLint(r)
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestHealth(t *testing.T) {
	t.Parallel()
	t.Run("tells of each part", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := observe.NewHealth(observe.HealthConfig{},
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
			h := observe.NewHealth(observe.HealthConfig{}, observe.Check{Name: "database", Do: func(context.Context) error {
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
		h := observe.NewHealth(observe.HealthConfig{}, observe.Check{Name: "database", Do: func(ctx context.Context) error { return ctx.Err() }})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		ready, _ := h.Ready(ctx)
		require.True(t, ready)
	})
}
