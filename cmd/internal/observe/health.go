package observe

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Check checks whether one part works. Its error is public, so it must not contain secrets.
type Check struct {
	// Name of the part, as in "database".
	Name string
	// Do returns nil where the part works; it must return when its context ends.
	Do func(ctx context.Context) error
}

const (
	// checkTimeout bounds one round of checks.
	checkTimeout = time.Second
	// checkAge is for how long a result is given out again.
	checkAge = 500 * time.Millisecond
)

// Health reports whether the parts that a process needs work. It is safe for concurrent use: concurrent callers share
// one round of checks.
type Health struct {
	checks []Check

	mu      sync.Mutex
	checked time.Time
	ready   bool
	parts   map[string]string
}

// NewHealth makes a health of checks.
func NewHealth(checks ...Check) *Health { return &Health{checks: checks} }

// Ready tells whether all parts work, and for each part "ok" or what is wrong with it. The checks run at the same
// time. The result, which must not be changed, may be as old as half a second. A caller that goes away does not
// end the round, since others wait for it.
func (h *Health) Ready(ctx context.Context) (ready bool, parts map[string]string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.parts == nil || time.Since(h.checked) >= checkAge {
		h.ready, h.parts = h.run(context.WithoutCancel(ctx))
		h.checked = time.Now()
	}
	return h.ready, h.parts
}

func (h *Health) run(ctx context.Context) (ready bool, parts map[string]string) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	errs := make([]error, len(h.checks))
	var running sync.WaitGroup
	for i, c := range h.checks {
		running.Go(func() { errs[i] = c.Do(ctx) })
	}
	running.Wait()

	ready, parts = true, make(map[string]string, len(h.checks))
	for i, c := range h.checks {
		switch err := errs[i]; {
		case err == nil:
			parts[c.Name] = "ok"
			continue
		case errors.Is(err, context.DeadlineExceeded):
			parts[c.Name] = "no answer within " + checkTimeout.String()
		default:
			parts[c.Name] = err.Error()
		}
		ready = false
	}
	return ready, parts
}
