package observe

import (
	"net/http"
	"runtime"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/auren-memory/auren/eventstore/writer"
)

// NewRegistry makes a registry that tells about the Go runtime and the process, and, as auren_build_info, which
// version runs.
func NewRegistry(version string) *prometheus.Registry {
	r := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "auren_build_info",
		Help:        "The version that runs; always 1.",
		ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version()},
	})
	build.Set(1)
	r.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// MetricsHandler serves the metrics of a registry. It serves the others if one collector fails.
func MetricsHandler(r *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, Registry: r})
}

// AppendMetrics count and time what is appended to the log. They are safe for concurrent use.
type AppendMetrics struct {
	commands *prometheus.CounterVec
	events   prometheus.Counter

	wait, commit, duration     prometheus.Histogram
	batchCommands, batchEvents prometheus.Histogram
}

// outcomes are what became of the commands of a transaction, as the label has them.
func outcomes(a writer.Stats) map[string]int {
	return map[string]int{
		"appended": a.Appended, "duplicate": a.Duplicates, "conflict": a.Conflicts, "reused": a.Reused,
		"unavailable": a.Unavailable, "unknown": a.Unknown, "refused": a.Refused,
	}
}

// NewAppendMetrics makes the metrics and registers them; a second set on one registry panics.
func NewAppendMetrics(r prometheus.Registerer) *AppendMetrics {
	seconds := []float64{.0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 15}
	sizes := []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: "auren_append_" + name, Help: help, Buckets: buckets})
	}
	m := &AppendMetrics{
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "auren_append_commands_total", Help: "Commands given to the log, by what became of them.",
		}, []string{"outcome"}),
		events:        prometheus.NewCounter(prometheus.CounterOpts{Name: "auren_append_events_total", Help: "Events appended to the log."}),
		wait:          histogram("wait_seconds", "How long a command waited for its transaction to begin.", seconds),
		commit:        histogram("commit_seconds", "How long a transaction of the log took.", seconds),
		duration:      histogram("duration_seconds", "How long appending a command took, waiting and commit together.", seconds),
		batchCommands: histogram("batch_commands", "Commands that one transaction carried.", sizes),
		batchEvents:   histogram("batch_events", "Events that one transaction wrote.", sizes),
	}
	// From the first scrape on, so that an alert sees the first increase.
	for outcome := range outcomes(writer.Stats{}) {
		m.commands.WithLabelValues(outcome)
	}
	r.MustRegister(m.commands, m.events, m.wait, m.commit, m.duration, m.batchCommands, m.batchEvents)
	return m
}

// Appended records what became of the commands of one transaction.
func (m *AppendMetrics) Appended(a writer.Stats) {
	for outcome, n := range outcomes(a) {
		m.commands.WithLabelValues(outcome).Add(float64(n))
	}
	m.events.Add(float64(a.Events))
	if a.Waited == nil {
		return
	}
	for _, waited := range a.Waited {
		m.wait.Observe(waited.Seconds())
		m.duration.Observe((waited + a.Took).Seconds())
	}
	m.commit.Observe(a.Took.Seconds())
	m.batchCommands.Observe(float64(len(a.Waited)))
	m.batchEvents.Observe(float64(a.Events))
}

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

// HTTPMetrics counts and times requests. It is safe for concurrent use.
type HTTPMetrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// NewHTTPMetrics makes the metrics and registers them; a second set on one registry panics.
func NewHTTPMetrics(r prometheus.Registerer) *HTTPMetrics {
	m := &HTTPMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "auren_http_requests_total",
			Help: "Requests answered, by route, method and class of status.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "auren_http_request_duration_seconds",
			Help:    "How long answering took, by route and method; live feeds, which end when the client goes, are not timed.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method"}),
	}
	r.MustRegister(m.requests, m.seconds)
	return m
}

// Answered records one answer. Route is the pattern that matched, never the path, and method one of HTTP's, so that
// the labels come from a closed set; took is not timed where it is negative.
func (m *HTTPMetrics) Answered(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(status/100)+"xx").Inc()
	if took >= 0 {
		m.seconds.WithLabelValues(route, method).Observe(took.Seconds())
	}
}
