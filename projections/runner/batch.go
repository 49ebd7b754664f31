package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/failpoint"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// batch is a piece of a log on its way into a projection.
type batch struct {
	events []eventstore.Event
	// full says that it ended at a bound, so that more may follow.
	full bool
	// write is nil where the events have not been prepared, or could not be.
	write projections.Write
}

func (b batch) first() int64 { return b.events[0].SequenceID }
func (b batch) last() int64  { return b.events[len(b.events)-1].SequenceID }

// project applies batches for one turn.
func (r *Runner) project(ctx context.Context, f *follower) error {
	b, err := r.next(ctx, f.tenant, f.sequenceID)
	for n := 1; err == nil && len(b.events) > 0; n++ {
		if !b.full || n == batchesPerTurn || r.crowded() {
			return r.apply(ctx, f, b)
		}
		b, err = r.applyAndRead(ctx, f, b)
	}
	return err
}

// applyAndRead applies a batch and meanwhile reads and prepares the next one, which is empty where the projection
// came to stand still. Preparing looks at nothing that a batch writes.
func (r *Runner) applyAndRead(ctx context.Context, f *follower, b batch) (next batch, err error) {
	ahead, cancel := context.WithCancel(ctx)
	defer cancel()
	var nextErr error
	read := make(chan struct{})
	go func() {
		defer close(read)
		next, nextErr = r.next(ahead, f.tenant, b.last())
	}()
	err = r.apply(ctx, f, b)
	if err != nil || f.stopped != nil {
		cancel()
		<-read
		return batch{}, err
	}
	<-read
	return next, nextErr
}

// next reads and prepares the batch after a sequence_id.
func (r *Runner) next(ctx context.Context, tenant domain.Tenant, after int64) (b batch, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	if b.events, b.full, err = r.read(ctx, tenant, after, r.until[tenant]); err != nil || len(b.events) == 0 {
		return batch{}, err
	}
	// An error shows again when the batch is applied, and is dealt with there.
	b.write, _ = r.prepare(ctx, tenant, b.events)
	return b, nil
}

// read reads the events of one batch after a sequence_id, up to another one (0: the head of the log); full says that
// it ended at a bound, not at the end of what may be applied.
func (r *Runner) read(ctx context.Context, tenant domain.Tenant, after, until int64) (events []eventstore.Event, full bool, err error) {
	for bytes := 0; len(events) < r.config.Batch; {
		page, err := r.store.ReadLog(ctx, tenant, after, eventstore.Filter{Until: until}, r.config.Batch-len(events))
		if err != nil {
			return nil, false, err
		}
		if page.Head < after {
			// The database was restored from a backup that is older than what we know of it.
			return nil, false, errLeaseLost
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

func (r *Runner) prepare(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) (projections.Write, error) {
	events = withoutSkips(events)
	if len(events) == 0 {
		return func(context.Context, pgx.Tx) error { return nil }, nil
	}
	write, err := r.projection.Prepare(ctx, tenant, events)
	if err != nil {
		return nil, fmt.Errorf("prepare events from %d: %w", events[0].SequenceID, err)
	}
	return write, nil
}

// apply applies a batch in as few transactions as it takes, and stops in front of an event that can neither be applied
// nor is to be skipped.
func (r *Runner) apply(ctx context.Context, f *follower, b batch) error {
	err := r.traced(ctx, f.tenant, b.events, func(ctx context.Context) error { return r.commit(ctx, f, b) })
	if err == nil || !isPoison(err) {
		return err
	}
	// Where the error does not say which event is at fault, halving finds it.
	good, known := len(b.events)/2, false
	if e, ok := errors.AsType[*projections.PoisonError](err); ok {
		if i := slices.IndexFunc(b.events, func(ev eventstore.Event) bool { return ev.SequenceID == e.SequenceID }); i >= 0 {
			good, known = i, true
		}
	}
	if good > 0 {
		if err := r.apply(ctx, f, batch{events: b.events[:good]}); err != nil || f.stopped != nil {
			return err
		}
	}
	if good > 0 && !known {
		return r.apply(ctx, f, batch{events: b.events[good:]})
	}
	return r.applySkip(ctx, f, b.events[good:], err)
}

const notifyProjection = `select pg_notify('` + projections.Channel + `', $1)`

// commit applies a batch in one transaction.
func (r *Runner) commit(ctx context.Context, f *follower, b batch) (err error) {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	if b.write == nil {
		if b.write, err = r.prepare(ctx, f.tenant, b.events); err != nil {
			return err
		}
	}
	failpoint.Reached(failpoint.ProjectionRead)
	err = pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		if err := r.move(ctx, tx, f, b.last()); err != nil {
			return err
		}
		failpoint.Reached(failpoint.ProjectionMoved)
		if err := b.write(ctx, tx); err != nil {
			return err
		}
		failpoint.Reached(failpoint.ProjectionWritten)
		_, err := tx.Exec(ctx, notifyProjection, fmt.Sprintf("%s/%s %d", f.tenant, r.name, b.last()))
		return err
	})
	if err != nil {
		return fmt.Errorf("apply events %d to %d: %w", b.first(), b.last(), err)
	}
	failpoint.Reached(failpoint.ProjectionCommitted)
	f.sequenceID = b.last()
	if b.first() <= statisticsAt && statisticsAt <= b.last() {
		r.gatherStatistics(ctx)
	}
	r.config.Applied(f.tenant, len(b.events))
	return nil
}

// isPoison tells whether err is the fault of an event, so that trying again is of no use: an PoisonError, or
// an error of PostgreSQL about data (class 22), constraints (23) or limits (54).
func isPoison(err error) bool {
	if _, ok := errors.AsType[*projections.PoisonError](err); ok {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	switch pg.Code[:2] {
	case "22", "23", "54":
		return true
	}
	return false
}
