package bench

import (
	"context"

	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/rebuild"
)

// benchRebuild rebuilds both read models, beside the projector making them from the first event on, and a projector of the
// usual kind at the beginning of it, when its indexes are small still.
func benchRebuild(ctx context.Context, b *run) ([]Result, error) {
	if err := b.remember(ctx, evenScopes(b.Events, max(b.Events/smallScope, 1))); err != nil {
		return nil, err
	}
	head, err := b.store.Head(ctx, tenant)
	if err != nil {
		return nil, err
	}
	events := int(head.SequenceID)
	if err := b.projectAll(ctx); err != nil {
		return nil, err
	}
	if err := b.createFloors(ctx); err != nil {
		return nil, err
	}
	r, err := b.compare(ctx, Result{Case: "agent_memories and search", Axis: "events", At: events},
		side{"projector", "events", true, func(ctx context.Context) (measured, error) {
			if err := b.exec(ctx, forgetMemories, forgetSearch, forgetMemoriesCheckpoint, forgetSearchCheckpoint); err != nil {
				return measured{}, err
			}
			return timed(events, func() error { return b.projectAll(ctx) })
		}},
		side{"a batch of 1,000 a transaction, to_tsvector", "events", true, b.projectInBatches},
		side{"rebuild", "events", false, func(ctx context.Context) (measured, error) {
			return timed(events, func() error {
				return rebuild.Run(ctx, b.pool, []projections.Projection{agentmemories.Projection{}, b.searchProjection()}, rebuild.Config{Log: b.Log})
			})
		}})
	return []Result{r}, err
}
