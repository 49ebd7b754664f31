package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/domain"
)

// CatchUp is CatchUpTo what each log holds when it is called, so that it comes to an end however fast the logs grow.
func (r *Runner) CatchUp(ctx context.Context) error {
	heads, err := r.store.Heads(ctx)
	if err != nil {
		return err
	}
	return r.CatchUpTo(ctx, heads)
}

// CatchUpTo applies the logs up to a sequence_id each and no further, of those tenants that this runner may lead, gives
// the leases back and returns. Tenants that are not named are left alone. A tenant that stands still does not hold up the
// others and is then returned as a *StoppedError; any other error ends it at once. It must not be called while Run
// runs.
func (r *Runner) CatchUpTo(ctx context.Context, until map[domain.Tenant]int64) error {
	defer r.release(ctx)
	r.until = until
	for {
		due, err := r.due(ctx)
		if err != nil {
			return err
		}
		due = slices.DeleteFunc(due, func(f *follower) bool {
			return until[f.tenant] == 0 || f.term > 0 && (f.stopped != nil || f.sequenceID >= until[f.tenant])
		})
		if len(due) == 0 {
			return r.standingStill()
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(r.config.Concurrency)
		for _, f := range due {
			group.Go(func() error {
				if err := r.serve(ctx, f); err != nil {
					return fmt.Errorf("projection %s of tenant %s: %w", r.name, f.tenant, err)
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
}

// standingStill returns the *StoppedErrors of all tenants that stand still.
func (r *Runner) standingStill() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var stopped []error
	for _, f := range r.followers {
		if f.stopped != nil {
			stopped = append(stopped, f.stopped)
		}
	}
	return errors.Join(stopped...)
}
