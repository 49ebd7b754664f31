package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"
)

// stopTimeout bounds the whole of an orderly end; it stays below the grace period of the container tools.
const stopTimeout = 20 * time.Second

// Lifecycle is what a long-running command consists of. Parts are added in the order in which they need each other and
// stopped in the reverse order, all under one deadline. The first one that fails ends them all.
type Lifecycle struct {
	log    *zap.Logger
	added  []part
	failed chan error
}

type part struct {
	name string
	stop func(ctx context.Context) error
}

// NewLifecycle returns one without parts. Stop it.
func NewLifecycle(log *zap.Logger) *Lifecycle {
	return &Lifecycle{log: log, failed: make(chan error, 1)}
}

// add takes over something that runs already; stop must return when ctx ends.
func (l *Lifecycle) add(name string, stop func(ctx context.Context) error) {
	l.added = append(l.added, part{name, stop})
}

// run starts a part that works until its context ends. To stop it is to end that and to wait for it.
func (l *Lifecycle) run(name string, work func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := work(ctx); err != nil && ctx.Err() == nil {
			select {
			case l.failed <- fmt.Errorf("%s: %w", name, err):
			default:
				l.log.Error("a part failed", zap.String("part", name), zap.Error(err))
			}
		}
	}()
	l.add(name, func(ctx context.Context) error {
		cancel()
		select {
		case <-ended:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// Wait returns nil when ctx ends and the error of the first part that fails.
func (l *Lifecycle) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-l.failed:
		return err
	}
}

// Started tells whether there is anything to stop.
func (l *Lifecycle) Started() bool { return len(l.added) > 0 }

// UnlessInterrupted takes being asked to end for the success that it is, whatever that broke off at the start.
func UnlessInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Stop stops all parts, those added last first. A part that does not end in time is left behind, and named.
func (l *Lifecycle) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var errs []error
	for _, part := range slices.Backward(l.added) {
		began := time.Now()
		if err := part.stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", part.name, err))
		}
		l.log.Debug("stopped", zap.String("part", part.name), zap.Duration("took", time.Since(began)))
	}
	l.added = nil
	return errors.Join(errs...)
}
