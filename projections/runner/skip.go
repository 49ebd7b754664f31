package runner

import (
	"context"
	"slices"

	"go.uber.org/zap"

	"github.com/auren-memory/auren/projections"
)

// applySkip replaces a batch's first event, which cannot be applied, by a placeholder; false if it is not to be skipped.
func (w *worker) applySkip(ctx context.Context, u *unit, b batch) (batch, bool, error) {
	skips, err := projections.ReadSkips(ctx, w.events, u.Tenant, u.name)
	if err != nil {
		return b, false, err
	}
	at := b.events[0]
	skip, ok := skips[at.SequenceID]
	if !ok || projections.IsPlaceholder(&at) {
		return b, false, nil // the placeholder cannot be applied either
	}
	b.events = slices.Clone(b.events)
	b.events[0] = projections.Placeholder(at, skip)
	w.log(u.Key).Warn("skipped an event that cannot be applied, by an operator's decision",
		zap.Int64("sequence_id", at.SequenceID), zap.Int64("decided_at", skip.SequenceID))
	return b, true, nil
}

// resumeAfterSkip clears a stop if the event that caused it is now to be skipped.
func (w *worker) resumeAfterSkip(ctx context.Context, u *unit) error {
	if u.stopped.SequenceID == 0 {
		return nil // no event caused it
	}
	skips, err := projections.ReadSkips(ctx, w.events, u.Tenant, u.name)
	if err != nil {
		return err
	}
	if _, ok := skips[u.stopped.SequenceID]; ok {
		w.units.locked(func() { u.stopped = nil })
		// A sink may have delivered a part of the batch that the event was in.
		u.resumed = false
	}
	return nil
}
