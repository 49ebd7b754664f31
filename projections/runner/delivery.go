package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// relay delivers batches for one turn.
func (r *Runner) relay(ctx context.Context, f *follower) error {
	for range batchesPerTurn {
		more, err := r.relayBatch(ctx, f)
		if err != nil || !more || f.stopped != nil || r.crowded() {
			return err
		}
	}
	return nil
}

// relayBatch delivers one batch and tells whether there may be more.
func (r *Runner) relayBatch(ctx context.Context, f *follower) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	if !f.resumed {
		if err := r.resume(ctx, f); err != nil || f.stopped != nil {
			return false, err
		}
	}
	until, err := r.deliverable(ctx, f)
	if err != nil || until <= f.sequenceID {
		return false, err
	}
	events, full, err := r.read(ctx, f.tenant, f.sequenceID, until)
	if err != nil || len(events) == 0 {
		return false, err
	}
	return full, r.deliver(ctx, f, events)
}

const readDeliverable = `
select c.sequence_id, own.lease_term = $5 and own.sequence_id = $6,
       (select count(*) from events as e where e.tenant_id = c.tenant_id and e.stream_id = any($3))
  from projection_checkpoints as c
  join projection_checkpoints as own on own.tenant_id = c.tenant_id and own.projection = $4
 where c.tenant_id = $1 and c.projection = $2`

// deliverable tells how far the projection is that the sink lags behind, and reads what is to be skipped where that is
// not known yet. What the projection skipped is not delivered: a subscriber would not find it applied. It is errLeaseLost
// where the checkpoint is not where it was left, be it that the database was restored from a backup: nothing takes back what
// is delivered.
func (r *Runner) deliverable(ctx context.Context, f *follower) (until int64, err error) {
	names := []string{r.sink.After(), r.name}
	var ours bool
	var skips int
	streams := []uuid.UUID{projections.SkipStream(names[0]), projections.SkipStream(names[1])}
	err = r.pool.QueryRow(ctx, readDeliverable, f.tenant, names[0], streams, names[1], f.term, f.sequenceID).Scan(&until, &ours, &skips)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read checkpoint of %s: %w", names[0], err)
	}
	if !ours {
		return 0, errLeaseLost
	}
	if skips == f.skips {
		return until, nil
	}
	skipped := map[int64]bool{}
	for _, name := range names {
		said, err := projections.ReadSkips(ctx, r.store, f.tenant, name)
		if err != nil {
			return 0, err
		}
		for sequenceID := range said {
			skipped[sequenceID] = true
		}
	}
	f.skips, f.skipped = skips, skipped
	return until, nil
}

// The checkpoint need not move for the target to be right again.
const clearStop = `
update projection_checkpoints
   set stopped_at = null,
       stopped_reason = ''
 where tenant_id = $1 and projection = $2 and lease_term = $3 and stopped_at = 0`

// resume brings the checkpoint to where the sink's target is.
func (r *Runner) resume(ctx context.Context, f *follower) error {
	after, err := r.sink.Resume(ctx, f.tenant, f.sequenceID)
	if _, ok := errors.AsType[*projections.TargetError](err); ok {
		return r.stop(ctx, f, 0, err)
	}
	if err != nil {
		return fmt.Errorf("resume after %d: %w", f.sequenceID, err)
	}
	if _, err := r.pool.Exec(ctx, clearStop, f.tenant, r.name, f.term); err != nil {
		return fmt.Errorf("resume after %d: %w", f.sequenceID, err)
	}
	f.resumed = true
	return r.settle(ctx, f, after)
}

// deliver hands the events to the sink and moves the checkpoint after them.
func (r *Runner) deliver(ctx context.Context, f *follower, events []eventstore.Event) error {
	remaining := slices.DeleteFunc(slices.Clone(events), func(e eventstore.Event) bool {
		return f.skipped[e.SequenceID] || projections.IsSkip(&e)
	})
	var err error
	if len(remaining) > 0 {
		err = r.traced(ctx, f.tenant, remaining, func(ctx context.Context) error { return r.sink.Deliver(ctx, f.tenant, remaining) })
	}
	if e, ok := errors.AsType[*projections.PoisonError](err); ok {
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
