package runner

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/domain"
)

// CatchUp is CatchUpTo the present head of each log, so it ends however fast the logs grow.
func (r *Runner) CatchUp(ctx context.Context) error {
	heads, err := r.events.Heads(ctx)
	if err != nil {
		return err
	}
	return r.CatchUpTo(ctx, heads)
}

// CatchUpTo applies each named tenant's log up to a sequence_id and no further, if no other runner leads the tenant,
// releases the leases and returns. A sink goes as far as the projection that it follows. If a unit stops, CatchUpTo goes
// on with the others and then returns a *projections.StoppedError; any other error ends it at once. It must not be
// called while Run runs.
func (r *Runner) CatchUpTo(ctx context.Context, until map[domain.Tenant]int64) error {
	defer r.releaseAll(ctx)
	for {
		due, err := r.due(ctx, r.subscriptions)
		if err != nil {
			return err
		}
		due = slices.DeleteFunc(due, func(u *unit) bool {
			return until[u.Tenant] == 0 || u.Term > 0 && (u.stopped != nil || u.SequenceID >= until[u.Tenant])
		})
		if len(due) == 0 {
			return r.units.stopped()
		}
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(r.config.Concurrency)
		for _, u := range due {
			group.Go(func() error {
				if err := r.turn(ctx, u, until[u.Tenant]); err != nil {
					return fmt.Errorf("projection %s of tenant %s: %w", u.name, u.Tenant, err)
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
	}
}
