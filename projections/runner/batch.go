package runner

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/lease"
)

// batch is a range of a log: the events after one sequence_id up to and including another.
type batch struct {
	after, to int64
	// events are those of the subscribed categories.
	events []eventstore.Event
	// full means that the batch reached a limit, so more events may follow.
	full bool
	// write is nil if the events have not been prepared, or could not be.
	write projections.Write
}

func (b batch) empty() bool { return b.to <= b.after }

// split splits a batch before its i-th event.
func (b batch) split(i int) (before, rest batch) {
	cut := b.events[i].SequenceID - 1
	return batch{after: b.after, to: cut, events: b.events[:i]}, batch{after: cut, to: b.to, events: b.events[i:]}
}

// read reads the batch after a sequence_id, up to another one; 0 means up to the head of the log.
func (w *worker) read(ctx context.Context, u *unit, after, until int64) (batch, error) {
	b := batch{after: after, to: after}
	for bytes := 0; len(b.events) < w.config.Batch; {
		page, err := w.events.ReadLog(ctx, u.Tenant, b.to, eventstore.Filter{Categories: u.categories, Until: until}, w.config.Batch-len(b.events))
		if err != nil {
			return batch{}, err
		}
		if page.Head < b.to {
			// The database was restored from a backup that is older than the runner's checkpoint.
			return batch{}, lease.ErrLost
		}
		for _, e := range page.Events {
			b.events, b.to = append(b.events, e), e.SequenceID
			if bytes += e.Size(); bytes >= w.config.BatchBytes {
				b.full = true
				return b, nil
			}
		}
		b.to = page.Next
		if !page.More {
			return b, nil
		}
	}
	b.full = true
	return b, nil
}

// prepare lets the projection prepare the events of a batch, outside of any transaction.
func (w *worker) prepare(ctx context.Context, u *unit, b batch) (projections.Write, error) {
	if len(b.events) == 0 {
		return func(context.Context, pgx.Tx) error { return nil }, nil
	}
	write, err := u.projection.Prepare(ctx, u.Tenant, b.events)
	if err != nil {
		return nil, fmt.Errorf("prepare events %d to %d: %w", b.after+1, b.to, err)
	}
	return write, nil
}
