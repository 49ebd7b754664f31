// Package agentmemories projects the log onto agent_memories, which holds the current version of each memory, and
// agent_memory_history, which holds each superseded version with the half-open interval of sequence_ids in which
// it was current. Together they hold every version of every memory once, without gaps.
package agentmemories

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rows"
)

// Name is the projection's name.
const Name = "agent_memories"

// Projection folds events with the aggregate's own Apply. The zero value is ready for use.
type Projection struct{}

// Name returns Name.
func (Projection) Name() string { return Name }

// Version returns 2: version 1 stored content in the spelling of jsonb, also that of upcast events.
func (Projection) Version() int { return 2 }

// Categories returns nil: the projection applies the events of memories.
func (Projection) Categories() []string { return nil }

// Tables returns agent_memories and agent_memory_history.
func (Projection) Tables() []string { return []string{"agent_memories", "agent_memory_history"} }

//go:embed schema.sql
var schema string

// Schema creates the tables.
func (Projection) Schema() string { return schema }

// Prepare decodes the events. It returns a *projections.PoisonError for an event that this program does not know; the
// Write returns one for an event that does not follow the version before it.
func (Projection) Prepare(_ context.Context, tenant domain.Tenant, events []eventstore.Event) (projections.Write, error) {
	changes := make([]change, len(events))
	for i := range events {
		e := &events[i]
		decoded, err := rows.Decode(e)
		if err != nil {
			return nil, err
		}
		meta, err := e.Meta()
		if err != nil {
			return nil, &projections.PoisonError{SequenceID: e.SequenceID, Err: fmt.Errorf("decode metadata: %w", err)}
		}
		changes[i] = change{stored: e, event: decoded, meta: meta}
	}
	return func(ctx context.Context, tx pgx.Tx) error {
		current, err := load.Rows(ctx, tx, tenant, events)
		if err != nil {
			return err
		}
		changed, superseded, err := fold(current, changes)
		if err != nil {
			return err
		}
		return store(ctx, tx, tenant, changed, superseded)
	}, nil
}

// change is one decoded event.
type change struct {
	stored *eventstore.Event
	event  memory.Event // nil: skipped
	meta   domain.Meta
}

// fold applies the changes to the current rows. It returns the changed rows, in the order of their first change, and
// the versions that the changes superseded.
func fold(current map[uuid.UUID]*row, changes []change) (changed, superseded []*row, err error) {
	for _, c := range changes {
		e := c.stored
		r := current[e.StreamID]
		if r == nil {
			r = &row{opened: true}
			current[e.StreamID] = r
		}
		if e.Version != r.Version+1 {
			return nil, nil, &projections.PoisonError{SequenceID: e.SequenceID,
				Err: fmt.Errorf("version %d of memory %s follows version %d", e.Version, e.StreamID, r.Version)}
		}
		if !r.changed {
			r.changed = true
			changed = append(changed, r)
		}
		if r.Version > 0 {
			old := *r
			old.supersededBy = e
			superseded = append(superseded, &old)
		}
		r.Snapshot = rows.Apply(r.Snapshot, e, c.event)
		r.sequenceID, r.recordedAt = e.SequenceID, e.CreatedAt
		r.eventType, r.actor, r.reason = e.Type, c.meta.Actor, e.Reason()
	}
	return changed, superseded, nil
}

// store writes the current rows and the versions that the batch superseded. The latter, and the rows that the batch
// opened, cannot exist yet.
func store(ctx context.Context, tx pgx.Tx, tenant domain.Tenant, current, superseded []*row) error {
	var opened, changed []*row
	for _, r := range current {
		if r.opened {
			opened = append(opened, r)
		} else {
			changed = append(changed, r)
		}
	}
	batch := &pgx.Batch{}
	if err := memories.Insert(ctx, tx, batch, tenant, opened); err != nil {
		return err
	}
	upsert.Queue(batch, tenant, changed)
	if err := history.Insert(ctx, tx, batch, tenant, superseded); err != nil {
		return err
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("write memories: %w", err)
	}
	return nil
}
