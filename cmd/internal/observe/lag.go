package observe

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/auren-memory/auren/projections"
)

// NewLagCollector returns a collector of the lag of each projection over all tenants, since a label for each tenant would
// have no end: the sum of the events, the age of the oldest, and how many tenants are not led, stuck or stopped. When the
// status cannot be read, the collector sends auren_projection_status_up 0 only.
func NewLagCollector(status func(ctx context.Context) ([]projections.Status, error)) prometheus.Collector {
	const gauge = prometheus.GaugeValue
	return collector(func(ctx context.Context) []sample {
		up := sample{gauge, "auren_projection_status_up", "1 if the lag could be read at this scrape, else 0.", 0, "", ""}
		all, err := status(ctx)
		if err != nil {
			return []sample{up}
		}
		up.value = 1
		samples := []sample{up}
		for name, t := range sumByProjection(all) {
			samples = append(samples,
				sample{gauge, "auren_projection_lag_events", "Events not applied yet, over all tenants.", t.events, "projection", name},
				sample{gauge, "auren_projection_lag_seconds", "Age of the oldest event not applied yet.", t.oldest, "projection", name},
				sample{gauge, "auren_projection_stuck_tenants", "Tenants whose projection is behind and does not move.", t.stuck, "projection", name},
				sample{gauge, "auren_projection_unled_tenants", "Tenants whose projection no process leads.", t.unled, "projection", name},
				sample{gauge, "auren_projection_stopped_tenants", "Tenants whose projection is stopped by an event that cannot be applied.", t.stopped, "projection", name})
		}
		return samples
	})
}

type lagTotal struct{ events, oldest, stuck, unled, stopped float64 }

func sumByProjection(all []projections.Status) map[string]lagTotal {
	totals := map[string]lagTotal{}
	for _, s := range all {
		t := totals[s.Projection]
		t.events += float64(s.Lag)
		t.oldest = max(t.oldest, s.LagSeconds)
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
