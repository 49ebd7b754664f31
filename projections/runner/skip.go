package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// withoutSkips returns the events without those that projections.Skip wrote.
func withoutSkips(events []eventstore.Event) []eventstore.Event {
	isSkip := func(e eventstore.Event) bool { return projections.IsSkip(&e) }
	if !slices.ContainsFunc(events, isSkip) {
		return events
	}
	return slices.DeleteFunc(slices.Clone(events), isSkip)
}

// owner is the payload of what stands in the place of an event that is skipped.
type owner struct {
	AgentID string `json:"agent_id"`
	UserID  string `json:"user_id"`
}

// applySkip goes on after the first of the events, which cannot be applied, where that was decided; else it stops there.
func (r *Runner) applySkip(ctx context.Context, f *follower, events []eventstore.Event, cause error) error {
	at := events[0]
	said, err := projections.ReadSkips(ctx, r.store, f.tenant, r.name)
	if err != nil {
		return err
	}
	skip, ok := said[at.SequenceID]
	if !ok || at.Type == domain.EventSkipped {
		return r.stop(ctx, f, at.SequenceID, cause)
	}
	// What stands in its place changes nothing, but is of the same memory and version, so that what follows can be applied.
	at.Type, at.SchemaVersion, at.Metadata = domain.EventSkipped, projections.SkippedSchemaVersion, skip.Metadata
	if at.Payload, err = json.Marshal(owner{at.AgentID, at.UserID}); err != nil {
		return fmt.Errorf("skip event %d: %w", at.SequenceID, err)
	}
	events = slices.Clone(events)
	events[0] = at
	r.log.Warn("an event that cannot be applied is skipped, as was decided", tenantField(f.tenant),
		zap.Int64("sequence_id", at.SequenceID), zap.Int64("decided_at", skip.SequenceID))
	return r.apply(ctx, f, batch{events: events})
}

// resumeAfterSkip lets go of a stop where the event that the tenant is stopped at is to be skipped by now.
func (r *Runner) resumeAfterSkip(ctx context.Context, f *follower) error {
	if f.stopped.SequenceID == 0 {
		return nil // to skip an event would not help
	}
	said, err := projections.ReadSkips(ctx, r.store, f.tenant, r.name)
	if err != nil {
		return err
	}
	if _, ok := said[f.stopped.SequenceID]; !ok {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	// A sink may have delivered some of the batch that the event was in.
	f.stopped, f.resumed = nil, false
	return nil
}
