package measure

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
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

// Operation is done over and over by a client; clients count from 0.
type Operation func(ctx context.Context, client int) error

// Load lets clients do an operation for a while, each as soon as its last one is done. What they do in a first tenth
// of the time, when connections are made and statements are prepared, does not count.
func Load(clients int, lasting time.Duration, do Operation) func(context.Context) (Sample, error) {
	return func(ctx context.Context) (Sample, error) {
		if _, err := Drive(ctx, clients, lasting/10, do); err != nil {
			return Sample{}, err
		}
		return Drive(ctx, clients, lasting, do)
	}
}

// Drive is Load without the warm-up.
func Drive(ctx context.Context, clients int, lasting time.Duration, do Operation) (Sample, error) {
	latencies := make([][]time.Duration, clients)
	began := time.Now()
	deadline := began.Add(lasting)
	group, ctx := errgroup.WithContext(ctx)
	for client := range clients {
		group.Go(func() error {
			for at := time.Now(); ; {
				if err := do(ctx, client); err != nil {
					return err
				}
				now := time.Now()
				latencies[client] = append(latencies[client], now.Sub(at))
				if at = now; !now.Before(deadline) {
					return nil
				}
			}
		})
	}
	err := group.Wait()
	return counted(began, slices.Concat(latencies...)), err
}

// AtOnce lets each of many clients do an operation once, all at the same time.
func AtOnce(ctx context.Context, clients int, do Operation) (Sample, error) {
	latencies := make([]time.Duration, clients)
	start := make(chan struct{})
	group, ctx := errgroup.WithContext(ctx)
	for client := range clients {
		group.Go(func() error {
			<-start
			at := time.Now()
			err := do(ctx, client)
			latencies[client] = time.Since(at)
			return err
		})
	}
	began := time.Now()
	close(start)
	err := group.Wait()
	m := counted(began, latencies)
	m.fixed = true
	return m, err
}

func counted(began time.Time, latencies []time.Duration) Sample {
	return Sample{Count: len(latencies), Took: time.Since(began), Latencies: latencies}
}

// Timed does a fixed piece of work that counts as so many.
func Timed(count int, do func() error) (Sample, error) {
	began := time.Now()
	err := do()
	return Sample{Count: count, Took: time.Since(began), fixed: true}, err
}
