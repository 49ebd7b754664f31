package observe

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// sample is the value of a metric at one scrape, with at most one label.
type sample struct {
	kind         prometheus.ValueType
	name, help   string
	value        float64
	label, class string
}

// collector reads its samples at each scrape.
type collector func(ctx context.Context) []sample

// Describe sends nothing, since which labels there are is known only at a scrape.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the samples as they are now. Reading them must not hold a scrape up for long.
func (c collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for _, s := range c(ctx) {
		labels := prometheus.Labels{}
		if s.label != "" {
			labels[s.label] = s.class
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc(s.name, s.help, nil, labels), s.kind, s.value)
	}
}
