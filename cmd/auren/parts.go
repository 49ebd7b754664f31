package main

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

// parts is what a long-running command consists of. Parts are added in the order in which they need each other and
// stopped in the reverse order, all under one deadline. The first one that fails ends them all.
type parts struct {
	log    *zap.Logger
	added  []part
	failed chan error
}

type part struct {
	name string
	stop func(ctx context.Context) error
}

func newParts(log *zap.Logger) *parts {
	return &parts{log: log, failed: make(chan error, 1)}
}

// add takes over something that runs already; stop must return when ctx ends.
func (p *parts) add(name string, stop func(ctx context.Context) error) {
	p.added = append(p.added, part{name, stop})
}

// run starts a part that works until its context ends. To stop it is to end that and to wait for it.
func (p *parts) run(name string, work func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := work(ctx); err != nil && ctx.Err() == nil {
			select {
			case p.failed <- fmt.Errorf("%s: %w", name, err):
			default:
				p.log.Error("a part failed", zap.String("part", name), zap.Error(err))
			}
		}
	}()
	p.add(name, func(ctx context.Context) error {
		cancel()
		select {
		case <-ended:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

// wait returns nil when ctx ends and the error of the first part that fails.
func (p *parts) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-p.failed:
		return err
	}
}

// unlessInterrupted takes being asked to end for the success that it is, whatever that broke off at the start.
func unlessInterrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// stop stops all parts, those added last first. A part that does not end in time is left behind, and named.
func (p *parts) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var errs []error
	for _, part := range slices.Backward(p.added) {
		began := time.Now()
		if err := part.stop(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", part.name, err))
		}
		p.log.Debug("stopped", zap.String("part", part.name), zap.Duration("took", time.Since(began)))
	}
	p.added = nil
	return errors.Join(errs...)
}
