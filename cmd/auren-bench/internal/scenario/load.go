package scenario

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// operation is done over and over by a client; clients count from 0.
type operation func(ctx context.Context, client int) error

// load lets clients do an operation for a while, each as soon as its last one is done. What they do in a first tenth
// of the time, when connections are made and statements are prepared, does not count.
func load(ctx context.Context, clients int, lasting time.Duration, do operation) (measured, error) {
	if _, err := drive(ctx, clients, lasting/10, do); err != nil {
		return measured{}, err
	}
	return drive(ctx, clients, lasting, do)
}

func drive(ctx context.Context, clients int, lasting time.Duration, do operation) (measured, error) {
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

// atOnce lets each of many clients do an operation once, all at the same time.
func atOnce(ctx context.Context, clients int, do operation) (measured, error) {
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

func counted(began time.Time, latencies []time.Duration) measured {
	return measured{count: len(latencies), took: time.Since(began), latencies: latencies}
}

// timed does a fixed piece of work that counts as so many.
func timed(count int, do func() error) (measured, error) {
	began := time.Now()
	err := do()
	return measured{count: count, took: time.Since(began), fixed: true}, err
}
