package runner

import (
	"context"
	"errors"
	"time"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
)

// follower is what a runner knows about one tenant.
type follower struct {
	tenant domain.Tenant

	// Guarded by Runner.mu; term is written only by whoever serves, or while nobody does.
	term    int64 // 0: no lease is held
	stopped *projections.StoppedError
	// stoppedHead is where the log ended when it was last looked whether to go on after a stop.
	stoppedHead int64
	serving     bool
	failures    int
	retryAt     time.Time
	warned      bool

	// Used only by whoever serves.
	sequenceID int64
	// Of a sink: whether Resume was asked, and what is not to be delivered, as said by so many events.
	resumed bool
	skips   int
	skipped map[int64]bool
}

// batchesPerTurn is how many batches a tenant gets before others that wait have their turn.
const batchesPerTurn = 20

// serve applies what a tenant's log holds after the checkpoint, for one turn at most. After an error, and where
// the lease was lost, the lease is let go of.
func (r *Runner) serve(ctx context.Context, f *follower) error {
	if f.term == 0 {
		if ok, err := r.acquire(ctx, f); err != nil || !ok {
			return err
		}
	}
	if f.stopped != nil {
		if err := r.resumeAfterSkip(ctx, f); err != nil || f.stopped != nil {
			return err
		}
	}
	var err error
	if r.sink != nil {
		err = r.relay(ctx, f)
	} else {
		err = r.project(ctx, f)
	}
	if err != nil {
		r.letGo(f)
	}
	if errors.Is(err, errLeaseLost) {
		r.log.Info("the lease was lost", tenantField(f.tenant))
		return nil
	}
	return err
}
