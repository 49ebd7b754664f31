package observe

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

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
