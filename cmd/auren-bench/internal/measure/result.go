package measure

import (
	"slices"
	"time"
)

// Report is what was measured, and on what.
type Report struct {
	Machine Machine `json:"machine"`
	// LoadBefore and LoadAfter are the load averages of one minute: what else went on.
	LoadBefore float64   `json:"load_before"`
	LoadAfter  float64   `json:"load_after"`
	StartedAt  time.Time `json:"started_at"`
	// TookSeconds is how long everything took.
	TookSeconds float64 `json:"took_seconds"`
	Rounds      int     `json:"rounds"`
	Events      int     `json:"events"`
	// DurationMS is Config.Duration in milliseconds.
	DurationMS int64    `json:"duration_ms"`
	Results    []Result `json:"results"`
}

// Result is one case of a scenario.
type Result struct {
	Scenario string `json:"scenario"`
	Case     string `json:"case"`
	// Axis is what At counts, clients or memories; empty where the cases of a scenario are no series.
	Axis string `json:"axis,omitempty"`
	At   int    `json:"at,omitempty"`
	// Sides has the floors first.
	Sides []Side `json:"sides"`
}

// Side is one of the things measured side by side.
type Side struct {
	Name string `json:"name"`
	// Floor says that the others are compared with this one.
	Floor bool `json:"floor"`
	// Unit is what PerSecond counts.
	Unit      string `json:"unit"`
	PerSecond Spread `json:"per_second"`
	// Took is how long one round lasted, in milliseconds, where a fixed piece of work was done.
	Took *Spread `json:"took_ms,omitempty"`
	// P50 and P99 are of the single operation, in milliseconds; nil where no single operation was timed.
	P50 *Spread `json:"p50_ms,omitempty"`
	P99 *Spread `json:"p99_ms,omitempty"`
	// Ratios has one for each floor; a floor has none.
	Ratios []Ratio `json:"ratios,omitempty"`
}

// Ratio compares a side with a floor, within each round: above 1 the side does more in a second, or takes longer.
type Ratio struct {
	Floor     string  `json:"floor"`
	PerSecond Spread  `json:"per_second"`
	P50       *Spread `json:"p50,omitempty"`
	P99       *Spread `json:"p99,omitempty"`
}

// figures are those of one side, one of each a round.
type figures struct {
	perSecond, took, p50, p99 []float64
}

func (f *figures) add(m Sample) {
	f.perSecond = append(f.perSecond, float64(m.Count)/max(m.Took.Seconds(), 1e-9))
	if m.fixed {
		f.took = append(f.took, milliseconds(m.Took))
	}
	if len(m.Latencies) > 0 {
		slices.Sort(m.Latencies)
		f.p50 = append(f.p50, milliseconds(percentile(m.Latencies, 0.5)))
		f.p99 = append(f.p99, milliseconds(percentile(m.Latencies, 0.99)))
	}
}

func optional(values []float64) *Spread {
	if len(values) == 0 {
		return nil
	}
	s := spreadOf(values)
	return &s
}

// summarize fills in the sides of a case from what their rounds gave.
func (c Result) summarize(sides []Task, all []figures) Result {
	for i, s := range sides {
		f := all[i]
		done := Side{
			Name: s.name, Floor: s.floor, Unit: s.unit, PerSecond: spreadOf(f.perSecond),
			Took: optional(f.took), P50: optional(f.p50), P99: optional(f.p99),
		}
		for j, floor := range sides {
			if s.floor || !floor.floor {
				continue
			}
			done.Ratios = append(done.Ratios, Ratio{
				Floor: floor.name, PerSecond: spreadOf(ratios(f.perSecond, all[j].perSecond)),
				P50: optional(ratios(f.p50, all[j].p50)), P99: optional(ratios(f.p99, all[j].p99)),
			})
		}
		c.Sides = append(c.Sides, done)
	}
	return c
}
