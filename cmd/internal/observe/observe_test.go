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
		c := observe.NewLagCollector(func(context.Context) ([]observe.Lag, error) {
			return []observe.Lag{
				{Projection: "search", Events: 2, Age: time.Second},
				{Projection: "search", Events: 3, Age: 4 * time.Second, Stopped: true},
				{Projection: "agent_memories"},
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
`)))
	})
	t.Run("does not hold a scrape up", func(t *testing.T) {
		t.Parallel()
		c := observe.NewLagCollector(func(ctx context.Context) ([]observe.Lag, error) {
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
