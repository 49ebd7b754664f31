package observe

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// poolCollector reads a pool's statistics when it is scraped.
type poolCollector struct {
	pool *pgxpool.Pool

	connections, limit            *prometheus.Desc
	acquires, waits, cancelled    *prometheus.Desc
	acquireSeconds, opened, ended *prometheus.Desc
}

// NewPoolCollector makes a collector of the connections of a pool.
func NewPoolCollector(pool *pgxpool.Pool) prometheus.Collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("auren_db_pool_"+name, help, labels, nil)
	}
	return &poolCollector{
		pool:           pool,
		connections:    desc("connections", "Connections to the database, by state.", "state"),
		limit:          desc("connections_limit", "Connections that the pool may hold."),
		acquires:       desc("acquires_total", "Connections taken out of the pool."),
		waits:          desc("acquire_waits_total", "Connections that were waited for, because none was idle."),
		cancelled:      desc("acquire_cancelled_total", "Waits for a connection that were given up."),
		acquireSeconds: desc("acquire_seconds_total", "Seconds spent on taking connections out of the pool."),
		opened:         desc("opened_total", "Connections opened."),
		ended:          desc("ended_total", "Connections closed for their age or for idling, by reason.", "reason"),
	}
}

// Describe sends the descriptions of all metrics.
func (c *poolCollector) Describe(out chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, out) }

// Collect sends the statistics as they are now.
func (c *poolCollector) Collect(out chan<- prometheus.Metric) {
	s := c.pool.Stat()
	gauge := func(d *prometheus.Desc, value int32, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), labels...)
	}
	counter := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, value, labels...)
	}
	gauge(c.connections, s.AcquiredConns(), "acquired")
	gauge(c.connections, s.IdleConns(), "idle")
	gauge(c.connections, s.ConstructingConns(), "constructing")
	gauge(c.limit, s.MaxConns())
	counter(c.acquires, float64(s.AcquireCount()))
	counter(c.waits, float64(s.EmptyAcquireCount()))
	counter(c.cancelled, float64(s.CanceledAcquireCount()))
	counter(c.acquireSeconds, s.AcquireDuration().Seconds())
	counter(c.opened, float64(s.NewConnsCount()))
	counter(c.ended, float64(s.MaxLifetimeDestroyCount()), "age")
	counter(c.ended, float64(s.MaxIdleDestroyCount()), "idle")
}
