package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

// follower is what a runner knows about one tenant.
type follower struct {
	tenant domain.Tenant

	// Guarded by Runner.mu; term is written only by whoever serves, or while nobody does.
	term     int64 // 0: no lease is held
	stopped  *StoppedError
	serving  bool
	failures int
	retryAt  time.Time
	warned   bool

	// Used only by whoever serves.
	sequenceID int64
	resumed    bool
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
	for range batchesPerTurn {
		more, err := r.step(ctx, f)
		if err != nil {
			r.letGo(f)
		}
		if errors.Is(err, errLeaseLost) {
			r.log.Info("the lease was lost", tenantField(f.tenant))
			return nil
		}
		if err != nil || !more || f.stopped != nil {
			return err
		}
	}
	return nil
}

// step applies one batch and tells whether there may be more.
func (r *Runner) step(ctx context.Context, f *follower) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	if r.sink != nil && !f.resumed {
		if err := r.resume(ctx, f); err != nil || f.stopped != nil {
			return false, err
		}
	}
	events, full, err := r.read(ctx, f)
	if err != nil || len(events) == 0 {
		return false, err
	}
	if r.sink != nil {
		return full, r.deliver(ctx, f, events)
	}
	return full, r.apply(ctx, f, events)
}

const readCheckpoint = `
select sequence_id
  from projection_checkpoints
 where tenant_id = $1 and projection = $2`

// read reads the next batch; full says that it ended at a bound, not at the end of what may be applied.
func (r *Runner) read(ctx context.Context, f *follower) (events []eventstore.Event, full bool, err error) {
	var filter eventstore.Filter
	if r.sink != nil {
		err := r.pool.QueryRow(ctx, readCheckpoint, f.tenant, r.sink.Behind()).Scan(&filter.Until)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && filter.Until <= f.sequenceID {
			return nil, false, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("read checkpoint of %s: %w", r.sink.Behind(), err)
		}
	}
	after, bytes := f.sequenceID, 0
	for len(events) < r.config.Batch {
		page, err := r.store.ReadLog(ctx, f.tenant, after, filter, r.config.Batch-len(events))
		if err != nil {
			return nil, false, err
		}
		for i := range page.Events {
			events = append(events, page.Events[i])
			if bytes += page.Events[i].Size(); bytes >= r.config.BatchBytes {
				return events, true, nil
			}
		}
		after = page.Next
		if !page.More {
			return events, false, nil
		}
	}
	return events, true, nil
}

// apply applies the events in as few transactions as it takes, and stops in front of one that cannot be applied.
func (r *Runner) apply(ctx context.Context, f *follower, events []eventstore.Event) error {
	err := r.commit(ctx, f, events)
	if err == nil || !unappliable(err) {
		return err
	}
	// Where the error does not say which event is at fault, halving finds it.
	good, known := len(events)/2, false
	if e, ok := errors.AsType[*EventError](err); ok {
		if i := slices.IndexFunc(events, func(ev eventstore.Event) bool { return ev.SequenceID == e.SequenceID }); i >= 0 {
			good, known = i, true
		}
	}
	if good == 0 || len(events) == 1 {
		return r.stop(ctx, f, events[0].SequenceID, err)
	}
	if err := r.apply(ctx, f, events[:good]); err != nil || f.stopped != nil {
		return err
	}
	if known {
		return r.stop(ctx, f, events[good].SequenceID, err)
	}
	return r.apply(ctx, f, events[good:])
}

const notifyProjection = `select pg_notify('` + Channel + `', $1)`

// commit applies the events in one transaction.
func (r *Runner) commit(ctx context.Context, f *follower, events []eventstore.Event) error {
	write, err := r.projection.Prepare(ctx, f.tenant, events)
	if err != nil {
		return fmt.Errorf("prepare events from %d: %w", events[0].SequenceID, err)
	}
	last := events[len(events)-1].SequenceID
	err = pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if err := r.move(ctx, tx, f, last); err != nil {
			return err
		}
		if err := write(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, notifyProjection, fmt.Sprintf("%s/%s %d", f.tenant, r.name, last))
		return err
	})
	if err != nil {
		return fmt.Errorf("apply events %d to %d: %w", events[0].SequenceID, last, err)
	}
	f.sequenceID = last
	r.config.Applied(f.tenant, len(events))
	return nil
}

// resume brings the checkpoint to where the sink's target is.
func (r *Runner) resume(ctx context.Context, f *follower) error {
	after, err := r.sink.Resume(ctx, f.tenant, f.sequenceID)
	if e, ok := errors.AsType[*EventError](err); ok {
		return r.stop(ctx, f, e.SequenceID, err)
	}
	if err != nil {
		return fmt.Errorf("resume after %d: %w", f.sequenceID, err)
	}
	f.resumed = true
	return r.settle(ctx, f, after)
}

// deliver hands the events to the sink and moves the checkpoint after them.
func (r *Runner) deliver(ctx context.Context, f *follower, events []eventstore.Event) error {
	err := r.sink.Deliver(ctx, f.tenant, events)
	if e, ok := errors.AsType[*EventError](err); ok {
		return r.stop(ctx, f, e.SequenceID, err)
	}
	if err != nil {
		f.resumed = false
		return fmt.Errorf("deliver events from %d: %w", events[0].SequenceID, err)
	}
	if err := r.settle(ctx, f, events[len(events)-1].SequenceID); err != nil {
		return err
	}
	r.config.Applied(f.tenant, len(events))
	return nil
}

// settle moves a sink's checkpoint.
func (r *Runner) settle(ctx context.Context, f *follower, to int64) error {
	if to == f.sequenceID {
		return nil
	}
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error { return r.move(ctx, tx, f, to) })
	if err != nil {
		return err
	}
	f.sequenceID = to
	return nil
}
