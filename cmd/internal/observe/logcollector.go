package observe

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Log says how long the log of one tenant is.
type Log struct {
	// Default says that it is that of the default tenant.
	Default bool
	// Head is its last sequence_id, which is the number of its events.
	Head int64
}

// logCollector asks for the logs when it is scraped.
type logCollector struct {
	logs    func(ctx context.Context) ([]Log, error)
	timeout time.Duration

	head, longest, tenants *prometheus.Desc
}

// NewLogCollector makes a collector of the heads of the logs by class of tenant, "default" or "other", since a label
// for each tenant would have no end. Logs is given timeout per scrape, 0 meaning 2 s; where it fails, nothing is told.
func NewLogCollector(logs func(ctx context.Context) ([]Log, error), timeout time.Duration) prometheus.Collector {
	if timeout == 0 {
		timeout = 2 * time.Second
	}
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("auren_log_"+name, help, []string{"tenants"}, nil)
	}
	return &logCollector{
		logs: logs, timeout: timeout,
		head:    desc("head_events", "Events in the logs, by class of tenant."),
		longest: desc("longest_events", "Events in the longest log, by class of tenant."),
		tenants: desc("tenants", "Tenants that have a log, by class."),
	}
}

// Describe sends the descriptions of all metrics.
func (c *logCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.head, c.longest, c.tenants} {
		out <- d
	}
}

// Collect sends the heads as they are now.
func (c *logCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), c.timeout)
	defer cancel()
	logs, err := c.logs(ctx)
	if err != nil {
		return
	}
	type total struct{ events, longest, tenants int64 }
	totals := map[string]total{"default": {}, "other": {}}
	for _, l := range logs {
		class := "other"
		if l.Default {
			class = "default"
		}
		t := totals[class]
		totals[class] = total{t.events + l.Head, max(t.longest, l.Head), t.tenants + 1}
	}
	for class, t := range totals {
		for d, value := range map[*prometheus.Desc]int64{c.head: t.events, c.longest: t.longest, c.tenants: t.tenants} {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), class)
		}
	}
}
