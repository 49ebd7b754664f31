package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/auren-memory/auren/domain/failpoint"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// batchesPerTurn is how many batches a unit applies before waiting units have their turn.
const batchesPerTurn = 20

// project applies batches for one turn. While a full batch is written, the next one is read and prepared; it is discarded
// if the first one fails.
func (w *worker) project(ctx context.Context, u *unit, until int64) error {
	b, err := w.next(ctx, u, u.SequenceID, until)
	for n := 1; err == nil && !b.empty(); n++ {
		if !b.full || n == batchesPerTurn || w.overShare(u) {
			return w.apply(ctx, u, b)
		}
		b, err = w.applyAndRead(ctx, u, b, until)
	}
	return err
}

// applyAndRead applies a batch and meanwhile reads and prepares the next one, which is empty if the unit stopped. Preparing
// reads nothing that a batch writes.
func (w *worker) applyAndRead(ctx context.Context, u *unit, b batch, until int64) (next batch, err error) {
	ahead, cancel := context.WithCancel(ctx)
	defer cancel()
	var nextErr error
	read := make(chan struct{})
	go func() {
		defer close(read)
		next, nextErr = w.next(ahead, u, b.to, until)
	}()
	err = w.apply(ctx, u, b)
	if err != nil || u.stopped != nil {
		cancel()
		<-read
		return batch{}, err
	}
	<-read
	return next, nextErr
}

// next reads and prepares the batch after a sequence_id.
func (w *worker) next(ctx context.Context, u *unit, after, until int64) (batch, error) {
	ctx, cancel := context.WithTimeout(ctx, w.config.Timeout)
	defer cancel()
	b, err := w.read(ctx, u, after, until)
	if err == nil {
		// An error recurs when the batch is applied, and is handled there.
		b.write, _ = w.prepare(ctx, u, b)
	}
	return b, err
}

// apply applies a batch in as few transactions as possible. It stops before an event that cannot be applied, unless it is
// to be skipped.
func (w *worker) apply(ctx context.Context, u *unit, b batch) error {
	err := w.traced(ctx, u, b.events, func(ctx context.Context) error { return w.commit(ctx, u, b) })
	if err == nil || !isPoison(err) || len(b.events) == 0 {
		return err
	}
	// Halving finds the event if the error does not name it.
	good, known := len(b.events)/2, false
	if e, ok := errors.AsType[*projections.PoisonError](err); ok {
		if i := slices.IndexFunc(b.events, func(ev eventstore.Event) bool { return ev.SequenceID == e.SequenceID }); i >= 0 {
			good, known = i, true
		}
	}
	if good > 0 {
		var before batch
		before, b = b.split(good)
		if err := w.apply(ctx, u, before); err != nil || u.stopped != nil {
			return err
		}
		if !known {
			return w.apply(ctx, u, b)
		}
	}
	b, skipped, skipErr := w.applySkip(ctx, u, b)
	switch {
	case skipErr != nil:
		return skipErr
	case !skipped:
		return w.stop(ctx, u, b.events[0].SequenceID, err)
	}
	return w.apply(ctx, u, b)
}

const notifyProjection = `select pg_notify('` + projections.Channel + `', $1)`

// commit applies a batch in one transaction.
func (w *worker) commit(ctx context.Context, u *unit, b batch) (err error) {
	ctx, cancel := context.WithTimeout(ctx, w.config.Timeout)
	defer cancel()
	if b.write == nil {
		if b.write, err = w.prepare(ctx, u, b); err != nil {
			return err
		}
	}
	failpoint.Reached(failpoint.ProjectionRead)
	err = pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		if err := w.leases.Advance(ctx, tx, u.Lease, b.to); err != nil {
			return err
		}
		failpoint.Reached(failpoint.ProjectionMoved)
		if err := b.write(ctx, tx); err != nil {
			return err
		}
		failpoint.Reached(failpoint.ProjectionWritten)
		_, err := tx.Exec(ctx, notifyProjection, fmt.Sprintf("%s/%s %d", u.Tenant, u.name, b.to))
		return err
	})
	if err != nil {
		return fmt.Errorf("apply events %d to %d: %w", b.after+1, b.to, err)
	}
	failpoint.Reached(failpoint.ProjectionCommitted)
	u.SequenceID = b.to
	if b.after < statisticsAt && statisticsAt <= b.to {
		w.gatherStatistics(ctx, u)
	}
	w.config.Applied(u.name, u.Tenant, int(b.to-b.after))
	return nil
}

// isPoison reports whether an event caused the error, so that a retry cannot help: a PoisonError, or an error of PostgreSQL
// about data (class 22), constraints (23) or limits (54).
func isPoison(err error) bool {
	if _, ok := errors.AsType[*projections.PoisonError](err); ok {
		return true
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && slices.Contains([]string{"22", "23", "54"}, pg.Code[:2])
}
