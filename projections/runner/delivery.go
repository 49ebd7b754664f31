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
	"github.com/auren-memory/auren/projections/lease"
)

// deliver delivers batches to a sink for one turn.
func (w *worker) deliver(ctx context.Context, u *unit) error {
	for range batchesPerTurn {
		more, err := w.deliverBatch(ctx, u)
		if err != nil || !more || u.stopped != nil || w.overShare(u) {
			return err
		}
	}
	return nil
}

// deliverBatch delivers one batch and reports whether there may be more.
func (w *worker) deliverBatch(ctx context.Context, u *unit) (more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.config.Timeout)
	defer cancel()
	if !u.resumed {
		if err := w.resume(ctx, u); err != nil || u.stopped != nil {
			return false, err
		}
	}
	limit, err := w.deliveryLimit(ctx, u)
	if err != nil || limit <= u.SequenceID {
		return false, err
	}
	b, err := w.read(ctx, u, u.SequenceID, limit)
	if err != nil || b.empty() {
		return false, err
	}
	return b.full, w.send(ctx, u, b)
}

const readDeliveryLimit = `
select c.sequence_id, own.lease_term = $5 and own.sequence_id = $6,
       (select count(*) from events as e where e.tenant_id = c.tenant_id and e.stream_id = any($3))
  from projection_checkpoints as c
  join projection_checkpoints as own on own.tenant_id = c.tenant_id and own.projection = $4
 where c.tenant_id = $1 and c.projection = $2`

// deliveryLimit returns the checkpoint of the projection that the sink follows. If there are new events, it also reads
// which of them not to deliver: those that the sink or the projection skips, since a subscriber would not find a skipped
// event applied. It returns lease.ErrLost if the sink's checkpoint was moved, as by restoring the database from a backup:
// a delivery cannot be undone.
func (w *worker) deliveryLimit(ctx context.Context, u *unit) (limit int64, err error) {
	streams := []uuid.UUID{projections.SkipStream(u.after), projections.SkipStream(u.name)}
	var ours bool
	var skips int
	err = w.pool.QueryRow(ctx, readDeliveryLimit, u.Tenant, u.after, streams, u.name, u.Term, u.SequenceID).Scan(&limit, &ours, &skips)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read checkpoint of %s: %w", u.after, err)
	}
	if !ours {
		return 0, lease.ErrLost
	}
	if skips == u.skips {
		return limit, nil
	}
	skipped := map[int64]bool{}
	for _, projection := range []string{u.after, u.name} {
		said, err := projections.ReadSkips(ctx, w.events, u.Tenant, projection)
		if err != nil {
			return 0, err
		}
		for sequenceID := range said {
			skipped[sequenceID] = true
		}
	}
	u.skips, u.skipped = skips, skipped
	return limit, nil
}

// resume moves the checkpoint to the position of the sink's target.
func (w *worker) resume(ctx context.Context, u *unit) error {
	after, err := u.sink.Resume(ctx, u.Tenant, u.SequenceID)
	if _, ok := errors.AsType[*projections.TargetError](err); ok {
		return w.stop(ctx, u, 0, err)
	}
	if err == nil {
		err = w.leases.ClearTargetStop(ctx, u.Lease)
	}
	if err != nil {
		return fmt.Errorf("resume after %d: %w", u.SequenceID, err)
	}
	u.resumed = true
	return w.saveCheckpoint(ctx, u, after)
}

// send hands a batch to the sink and moves the checkpoint after it.
func (w *worker) send(ctx context.Context, u *unit, b batch) error {
	events := slices.DeleteFunc(b.events, func(e eventstore.Event) bool { return u.skipped[e.SequenceID] })
	var err error
	if len(events) > 0 {
		err = w.traced(ctx, u, events, func(ctx context.Context) error { return u.sink.Deliver(ctx, u.Tenant, events) })
	}
	if e, ok := errors.AsType[*projections.PoisonError](err); ok {
		return w.stop(ctx, u, e.SequenceID, err)
	}
	if err != nil {
		u.resumed = false
		return fmt.Errorf("deliver events %d to %d: %w", b.after+1, b.to, err)
	}
	if err := w.saveCheckpoint(ctx, u, b.to); err != nil {
		return err
	}
	w.config.Applied(u.name, u.Tenant, int(b.to-b.after))
	return nil
}

// saveCheckpoint moves a sink's checkpoint, in either direction.
func (w *worker) saveCheckpoint(ctx context.Context, u *unit, to int64) error {
	if to == u.SequenceID {
		return nil
	}
	err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error { return w.leases.Advance(ctx, tx, u.Lease, to) })
	if err != nil {
		return err
	}
	u.SequenceID = to
	return nil
}
