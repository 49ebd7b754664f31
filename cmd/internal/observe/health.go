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

// HealthConfig tunes a Health; its zero value works.
type HealthConfig struct {
	// Timeout bounds one round of checks; default 1 s.
	Timeout time.Duration
	// Keep is for how long a result is given out again; default 500 ms.
	Keep time.Duration
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Health reports whether the parts that a process needs work. It is safe for concurrent use: concurrent callers share
// one round of checks.
type Health struct {
	checks []Check
	config HealthConfig

	mu      sync.Mutex
	checked time.Time
	ready   bool
	parts   map[string]string
}

// NewHealth makes a health of checks.
func NewHealth(config HealthConfig, checks ...Check) *Health {
	if config.Timeout == 0 {
		config.Timeout = time.Second
	}
	if config.Keep == 0 {
		config.Keep = 500 * time.Millisecond
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &Health{checks: checks, config: config}
}

// Ready tells whether all parts work, and for each part "ok" or what is wrong with it. The checks run at the same
// time. The result, which must not be changed, may be as old as HealthConfig.Keep. A caller that goes away does not
// end the round, since others wait for it.
func (h *Health) Ready(ctx context.Context) (ready bool, parts map[string]string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.parts == nil || h.config.Now().Sub(h.checked) >= h.config.Keep {
		h.ready, h.parts = h.run(context.WithoutCancel(ctx))
		h.checked = h.config.Now()
	}
	return h.ready, h.parts
}

func (h *Health) run(ctx context.Context) (ready bool, parts map[string]string) {
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
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
			parts[c.Name] = "no answer within " + h.config.Timeout.String()
		default:
			parts[c.Name] = err.Error()
		}
		ready = false
	}
	return ready, parts
}
