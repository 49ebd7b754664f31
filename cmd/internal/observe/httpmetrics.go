package observe

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

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
