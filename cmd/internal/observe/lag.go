package observe

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Lag says how far one projection of one tenant is behind its log.
type Lag struct {
	Projection string
	// Events not applied yet.
	Events int64
	// Age of the first event that is not applied yet; 0 if there is none.
	Age time.Duration
	// Stuck says that it is behind and does not move.
	Stuck bool
	// Led says that some process holds the lease.
	Led bool
	// Stopped says that an event cannot be applied.
	Stopped bool
}

// lagCollector asks for the lag when it is scraped.
type lagCollector struct {
	status  func(ctx context.Context) ([]Lag, error)
	timeout time.Duration

	events, seconds, stuck, unled, stopped, up *prometheus.Desc
}

// NewLagCollector makes a collector of the lag of each projection: over all tenants the sum of the events, the age of
// the oldest and the numbers of tenants that nobody leads, that do not move or that are stopped, since a label for each tenant would have no end. Status is
// given timeout per scrape, 0 meaning 2 s; where it fails, only auren_projection_status_up, then 0, is told.
func NewLagCollector(status func(ctx context.Context) ([]Lag, error), timeout time.Duration) prometheus.Collector {
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
	lags, err := c.status(ctx)
	if err != nil {
		gauge(c.up, 0)
		return
	}
	gauge(c.up, 1)
	for projection, total := range sumByProjection(lags) {
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

func sumByProjection(lags []Lag) map[string]lagTotal {
	totals := map[string]lagTotal{}
	for _, l := range lags {
		t := totals[l.Projection]
		t.events += l.Events
		t.oldest = max(t.oldest, l.Age)
		if l.Stuck {
			t.stuck++
		}
		if !l.Led {
			t.unled++
		}
		if l.Stopped {
			t.stopped++
		}
		totals[l.Projection] = t
	}
	return totals
}
