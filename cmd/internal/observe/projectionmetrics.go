package observe

import "github.com/prometheus/client_golang/prometheus"

// ProjectionMetrics tell what this process does for the projections, the fan-out being one of them. They are safe for
// concurrent use.
type ProjectionMetrics struct {
	registerer prometheus.Registerer
	applied    *prometheus.CounterVec
	batches    *prometheus.HistogramVec
	leases     *prometheus.CounterVec
	takeovers  *prometheus.CounterVec
}

// NewProjectionMetrics makes the metrics and registers them; a second set on one registry panics.
func NewProjectionMetrics(r prometheus.Registerer) *ProjectionMetrics {
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "auren_projection_" + name, Help: help}, []string{"projection"})
	}
	m := &ProjectionMetrics{
		registerer: r,
		applied:    counter("applied_events_total", "Events that this process applied or, in the fan-out, relayed."),
		batches: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "auren_projection_batch_events", Help: "Events that one batch applied or relayed.",
			Buckets: []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000},
		}, []string{"projection"}),
		leases:    counter("leases_taken_total", "Leases that this process took."),
		takeovers: counter("takeovers_total", "Leases that this process took which had been held before."),
	}
	r.MustRegister(m.applied, m.batches, m.leases, m.takeovers)
	return m
}

// Projection is what one projection tells its metrics.
type Projection struct {
	// Applied is to be told how many events a batch applied.
	Applied func(events int)
	// Leased is to be told of each lease that is taken; the first of a tenant has the term 1.
	Leased func(term int64)
	// Leading registers a function that tells how many tenants this process leads; it is called at each scrape.
	Leading func(tenants func() int)
}

// Of returns what the projection of a name is to tell. All its metrics are there from now on.
func (m *ProjectionMetrics) Of(name string) Projection {
	applied, batches := m.applied.WithLabelValues(name), m.batches.WithLabelValues(name)
	leases, takeovers := m.leases.WithLabelValues(name), m.takeovers.WithLabelValues(name)
	return Projection{
		Applied: func(events int) {
			applied.Add(float64(events))
			batches.Observe(float64(events))
		},
		Leased: func(term int64) {
			leases.Inc()
			if term > 1 {
				takeovers.Inc()
			}
		},
		Leading: func(tenants func() int) {
			m.registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
				Name: "auren_projection_leases", Help: "Tenants that this process leads.",
				ConstLabels: prometheus.Labels{"projection": name},
			}, func() float64 { return float64(tenants()) }))
		},
	}
}
