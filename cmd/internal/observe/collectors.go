package observe

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
)

// sample is the value of a metric at one scrape, with at most one label.
type sample struct {
	kind         prometheus.ValueType
	name, help   string
	value        float64
	label, class string
}

// collector reads its samples at each scrape.
type collector func(ctx context.Context) []sample

// Describe sends nothing, since which labels there are is known only at a scrape.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the samples as they are now. Reading them must not hold a scrape up for long.
func (c collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for _, s := range c(ctx) {
		labels := prometheus.Labels{}
		if s.label != "" {
			labels[s.label] = s.class
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(s.name, s.help, nil, labels), s.kind, s.value)
	}
}

// NewPoolCollector makes a collector of the connections of a pool.
func NewPoolCollector(pool *pgxpool.Pool) prometheus.Collector {
	return collector(func(context.Context) []sample {
		s := pool.Stat()
		const gauge, counter = prometheus.GaugeValue, prometheus.CounterValue
		const connections, ended = "Connections to the database, by state.", "Connections closed for their age or for idling, by reason."
		return []sample{
			{gauge, "auren_db_pool_connections", connections, float64(s.AcquiredConns()), "state", "acquired"},
			{gauge, "auren_db_pool_connections", connections, float64(s.IdleConns()), "state", "idle"},
			{gauge, "auren_db_pool_connections", connections, float64(s.ConstructingConns()), "state", "constructing"},
			{gauge, "auren_db_pool_connections_limit", "Connections that the pool may hold.", float64(s.MaxConns()), "", ""},
			{counter, "auren_db_pool_acquires_total", "Connections taken out of the pool.", float64(s.AcquireCount()), "", ""},
			{counter, "auren_db_pool_acquire_waits_total", "Connections that were waited for, because none was idle.", float64(s.EmptyAcquireCount()), "", ""},
			{counter, "auren_db_pool_acquire_cancelled_total", "Waits for a connection that were given up.", float64(s.CanceledAcquireCount()), "", ""},
			{counter, "auren_db_pool_acquire_seconds_total", "Seconds spent on taking connections out of the pool.", s.AcquireDuration().Seconds(), "", ""},
			{counter, "auren_db_pool_opened_total", "Connections opened.", float64(s.NewConnsCount()), "", ""},
			{counter, "auren_db_pool_ended_total", ended, float64(s.MaxLifetimeDestroyCount()), "reason", "age"},
			{counter, "auren_db_pool_ended_total", ended, float64(s.MaxIdleDestroyCount()), "reason", "idle"},
		}
	})
}

// NewLagCollector returns a collector of the lag of each projection over all tenants, since a label for each tenant would
// have no end: the sum of the events, the age of the oldest, and how many tenants are not led, stuck or stopped. When the
// status cannot be read, the collector sends auren_projection_status_up 0 only.
func NewLagCollector(status func(ctx context.Context) ([]projections.Status, error)) prometheus.Collector {
	const gauge = prometheus.GaugeValue
	return collector(func(ctx context.Context) []sample {
		up := sample{gauge, "auren_projection_status_up", "1 if the lag could be read at this scrape, else 0.", 0, "", ""}
		all, err := status(ctx)
		if err != nil {
			return []sample{up}
		}
		up.value = 1
		samples := []sample{up}
		for name, t := range sumByProjection(all) {
			samples = append(samples,
				sample{gauge, "auren_projection_lag_events", "Events not applied yet, over all tenants.", t.events, "projection", name},
				sample{gauge, "auren_projection_lag_seconds", "Age of the oldest event not applied yet.", t.oldest, "projection", name},
				sample{gauge, "auren_projection_stuck_tenants", "Tenants whose projection is behind and does not move.", t.stuck, "projection", name},
				sample{gauge, "auren_projection_unled_tenants", "Tenants whose projection no process leads.", t.unled, "projection", name},
				sample{gauge, "auren_projection_stopped_tenants", "Tenants whose projection is stopped by an event that cannot be applied.", t.stopped, "projection", name})
		}
		return samples
	})
}

type lagTotal struct{ events, oldest, stuck, unled, stopped float64 }

func sumByProjection(all []projections.Status) map[string]lagTotal {
	totals := map[string]lagTotal{}
	for _, s := range all {
		t := totals[s.Projection]
		t.events += float64(s.Lag)
		t.oldest = max(t.oldest, s.LagSeconds)
		if s.State == projections.Stuck {
			t.stuck++
		}
		if s.Holder == "" {
			t.unled++
		}
		if s.StoppedAt != nil {
			t.stopped++
		}
		totals[s.Projection] = t
	}
	return totals
}

// NewLogCollector returns a collector of the last sequence_ids of the logs by class of tenant, "default" or "other", since
// a label for each tenant would have no end. When they cannot be read, the collector sends nothing.
func NewLogCollector(heads func(ctx context.Context) (map[domain.Tenant]int64, error)) prometheus.Collector {
	const gauge = prometheus.GaugeValue
	return collector(func(ctx context.Context) (samples []sample) {
		all, err := heads(ctx)
		if err != nil {
			return nil
		}
		type total struct{ events, longest, tenants int64 }
		totals := map[string]total{"default": {}, "other": {}}
		for tenant, head := range all {
			class := "other"
			if tenant == domain.DefaultTenant {
				class = "default"
			}
			t := totals[class]
			totals[class] = total{t.events + head, max(t.longest, head), t.tenants + 1}
		}
		for class, t := range totals {
			samples = append(samples,
				sample{gauge, "auren_log_head_events", "Events in the logs, by class of tenant.", float64(t.events), "tenants", class},
				sample{gauge, "auren_log_longest_events", "Events in the longest log, by class of tenant.", float64(t.longest), "tenants", class},
				sample{gauge, "auren_log_tenants", "Tenants that have a log, by class.", float64(t.tenants), "tenants", class})
		}
		return samples
	})
}
