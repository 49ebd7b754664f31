package observe

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/auren-memory/auren/domain"
)

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
