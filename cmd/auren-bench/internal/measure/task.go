package measure

import (
	"context"
	"time"
)

// Task is the work of one side of a case.
type Task struct {
	name    string
	unit    string
	floor   bool
	measure func(ctx context.Context) (Sample, error)
}

// Floor is a side that the others are compared with.
func Floor(name, unit string, measure func(context.Context) (Sample, error)) Task {
	return Task{name: name, unit: unit, floor: true, measure: measure}
}

// Subject is a side that is compared with the floors.
func Subject(name, unit string, measure func(context.Context) (Sample, error)) Task {
	return Task{name: name, unit: unit, measure: measure}
}

// Sample is one side in one round.
type Sample struct {
	Count     int
	Took      time.Duration
	fixed     bool // a fixed piece of work, so that took says something
	Latencies []time.Duration
}
