package observe

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/auren-memory/auren/domain"
)

// logCollector reads the heads of the logs at each scrape.
type logCollector struct {
	heads   func(ctx context.Context) (map[domain.Tenant]int64, error)
	timeout time.Duration

	head, longest, tenants *prometheus.Desc
}

// NewLogCollector returns a collector of the last sequence_ids of the logs by class of tenant, "default" or "other", since
// a label for each tenant would have no end. Reading them is bounded by timeout, 0 meaning 2 s; when it fails, the
// collector sends nothing.
func NewLogCollector(heads func(ctx context.Context) (map[domain.Tenant]int64, error), timeout time.Duration) prometheus.Collector {
	if timeout == 0 {
		timeout = 2 * time.Second
	}
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("auren_log_"+name, help, []string{"tenants"}, nil)
	}
	return &logCollector{
		heads: heads, timeout: timeout,
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
	heads, err := c.heads(ctx)
	if err != nil {
		return
	}
	type total struct{ events, longest, tenants int64 }
	totals := map[string]total{"default": {}, "other": {}}
	for tenant, head := range heads {
		class := "other"
		if tenant == domain.DefaultTenant {
			class = "default"
		}
		t := totals[class]
		totals[class] = total{t.events + head, max(t.longest, head), t.tenants + 1}
	}
	for class, t := range totals {
		for d, value := range map[*prometheus.Desc]int64{c.head: t.events, c.longest: t.longest, c.tenants: t.tenants} {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(value), class)
		}
	}
}
