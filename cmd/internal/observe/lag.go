package observe

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/auren-memory/auren/projections"
)

// lagCollector reads the lag at each scrape.
type lagCollector struct {
	status  func(ctx context.Context) ([]projections.Status, error)
	timeout time.Duration

	events, seconds, stuck, unled, stopped, up *prometheus.Desc
}

// NewLagCollector returns a collector of the lag of each projection over all tenants, since a label for each tenant would
// have no end: the sum of the events, the age of the oldest, and how many tenants are not led, stuck or stopped. Reading
// the status is bounded by timeout, 0 meaning 2 s; when it fails, the collector sends auren_projection_status_up 0 only.
func NewLagCollector(status func(ctx context.Context) ([]projections.Status, error), timeout time.Duration) prometheus.Collector {
	if timeout == 0 {
		timeout = 2 * time.Second
	}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("auren_projection_"+name, help, labels, nil)
	}
	return &lagCollector{
		status: status, timeout: timeout,
		events:  desc("lag_events", "Events not applied yet, over all tenants.", "projection"),
		seconds: desc("lag_seconds", "Age of the oldest event not applied yet.", "projection"),
		stuck:   desc("stuck_tenants", "Tenants whose projection is behind and does not move.", "projection"),
		unled:   desc("unled_tenants", "Tenants whose projection no process leads.", "projection"),
		stopped: desc("stopped_tenants", "Tenants whose projection is stopped by an event that cannot be applied.", "projection"),
		up:      desc("status_up", "1 if the lag could be read at this scrape, else 0."),
	}
}

// Describe sends the descriptions of all metrics.
func (c *lagCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.events, c.seconds, c.stuck, c.unled, c.stopped, c.up} {
		out <- d
	}
}

// Collect sends the lag as it is now.
func (c *lagCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	all, err := c.status(ctx)
	if err != nil {
		gauge(c.up, 0)
		return
	}
	gauge(c.up, 1)
	for projection, total := range sumByProjection(all) {
		gauge(c.events, float64(total.events), projection)
		gauge(c.seconds, total.oldest.Seconds(), projection)
		gauge(c.stuck, float64(total.stuck), projection)
		gauge(c.unled, float64(total.unled), projection)
		gauge(c.stopped, float64(total.stopped), projection)
	}
}

type lagTotal struct {
	events  int64
	oldest  time.Duration
	stuck   int
	unled   int
	stopped int
}

func sumByProjection(all []projections.Status) map[string]lagTotal {
	totals := map[string]lagTotal{}
	for _, s := range all {
		t := totals[s.Projection]
		t.events += s.Lag
		t.oldest = max(t.oldest, time.Duration(s.LagSeconds*float64(time.Second)))
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
