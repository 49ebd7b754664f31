package runner

import (
	"context"
	"errors"
	mathrand "math/rand/v2"
	"time"

	"go.uber.org/zap"

	"github.com/auren-memory/auren/projections/lease"
)

// turn applies or delivers the events after the unit's checkpoint, up to another sequence_id (0: up to the head of the
// log), for at most one turn. After an error it drops the lease: the next turn acquires it again and reads the checkpoint,
// so it does not matter whether a commit whose answer was lost took place.
func (w *worker) turn(ctx context.Context, u *unit, until int64) error {
	if u.Term == 0 {
		if ok, err := w.acquire(ctx, u); err != nil || !ok {
			return err
		}
	}
	if u.stopped != nil {
		if err := w.resumeAfterSkip(ctx, u); err != nil || u.stopped != nil {
			return err
		}
	}
	var err error
	if u.sink != nil {
		err = w.deliver(ctx, u)
	} else {
		err = w.project(ctx, u, until)
	}
	if err != nil {
		w.units.locked(u.dropLease)
	}
	if errors.Is(err, lease.ErrLost) {
		w.log(u.Key).Info("the lease was lost")
		return nil
	}
	return err
}

// acquire tries to take the lease of a unit; false if another runner holds it.
func (w *worker) acquire(ctx context.Context, u *unit) (bool, error) {
	l, ok, err := w.leases.Acquire(ctx, u.Lease, u.version)
	if err != nil || !ok {
		return false, err
	}
	w.units.locked(func() { u.Lease = l })
	u.resumed, u.skips, u.skipped = false, 0, nil
	w.config.Leased(u.name, u.Tenant, l.Term)
	log := w.log(u.Key).Debug
	if l.Term > 1 {
		log = w.log(u.Key).Info // another runner led before
	}
	log("lease taken", zap.Int64("term", l.Term), zap.Int64("sequence_id", l.SequenceID))
	return true, nil
}

// turnOrPause gives a unit its turn and decides, if that fails, when to try again.
func (w *worker) turnOrPause(ctx context.Context, u *unit) {
	err := w.turn(ctx, u, 0)
	failed := err != nil && ctx.Err() == nil
	if pause := w.units.endTurn(u, failed); failed {
		w.log(u.Key).Warn("the events could not be applied; trying again", zap.Duration("in", pause), zap.Error(err))
	}
}

// endTurn ends a turn and returns the pause before the next one, which grows with each failure.
func (us *units) endTurn(u *unit, failed bool) (pause time.Duration) {
	us.mu.Lock()
	defer us.mu.Unlock()
	u.inTurn = false
	if !failed {
		u.failures, u.retryAt = 0, time.Time{}
		return 0
	}
	u.failures++
	pause = backoff(u.failures)
	u.retryAt = time.Now().Add(pause)
	return pause
}

// backoff grows from about 0.1 s to about 5 s, with jitter so that runners do not retry in step.
func backoff(failures int) time.Duration {
	pause := min(100*time.Millisecond<<min(failures-1, 10), 5*time.Second)
	return pause/2 + mathrand.N(pause)
}
