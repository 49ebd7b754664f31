package observe

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/auren-memory/auren/eventstore/writer"
)

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
