package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"
)

// stopTimeout bounds a graceful shutdown; it stays below the grace period of container runtimes.
const stopTimeout = 20 * time.Second

// Lifecycle holds the parts of a long-running command. They are started in the order of their dependencies and
// stopped in the reverse order, all under one deadline. The first one that fails stops them all.
type Lifecycle struct {
	log    *zap.Logger
	added  []part
	failed chan error
}

type part struct {
	name string
	stop func(ctx context.Context) error
}

// NewLifecycle returns a lifecycle without parts. The caller stops it.
func NewLifecycle(log *zap.Logger) *Lifecycle {
	return &Lifecycle{log: log, failed: make(chan error, 1)}
}

// add takes over a part that runs already; stop must return when ctx ends.
func (l *Lifecycle) add(name string, stop func(ctx context.Context) error) {
	l.added = append(l.added, part{name, stop})
}

// run starts a part that works until its context ends. Stopping it cancels that context and waits for the part.
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

// UnlessInterrupted returns nil if ctx has ended: an interrupted start is no failure.
func UnlessInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Stop stops all parts, the last one added first. The error names each part that did not stop in time.
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
