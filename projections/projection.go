// Package projections is the contract between the log and its consumers: a Projection maintains tables of this database,
// a Sink delivers events to a target outside. Each has a checkpoint for each tenant: the sequence_id up to which it has
// applied the log. Package runner advances the checkpoints, and package rebuild rebuilds the tables of a projection.
package projections

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

// Channel is the PostgreSQL channel on which each applied batch notifies, with the payload
// "<tenant>/<projection> <sequence_id>".
const Channel = "auren_projection"

// Projection maintains a read model in the same database as the log. It must be safe for concurrent use with different
// tenants.
type Projection interface {
	// Name identifies its checkpoints; it never changes.
	Name() string
	// Version changes whenever the same events would give other rows.
	Version() int
	// Categories are those of the events that it applies; nil means eventstore.CategoryMemory.
	Categories() []string
	// Tables names its tables; only the projection writes them.
	Tables() []string
	// Schema creates the tables, see generation.Model.
	Schema() string
	// Prepare does the work on a batch that needs no transaction and returns the function that writes the rows. The events
	// are in order, without gaps except for other categories, and follow the batch that was prepared before, which may not
	// have been written yet. An event of type EventSkipped is a placeholder: it changes only the version of its memory.
	// Prepare returns a *PoisonError for an event that can never be applied.
	Prepare(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) (Write, error)
}

// Write writes the rows of a batch. It is called at most once, in the transaction that advances the checkpoint.
type Write func(ctx context.Context, tx pgx.Tx) error

// Sink delivers events to a target outside the database. It must be safe for concurrent use with different tenants.
type Sink interface {
	// Name identifies its checkpoints; it never changes.
	Name() string
	// Version changes whenever the same events would be delivered differently.
	Version() int
	// Categories are those of the events that it delivers; nil means eventstore.CategoryMemory.
	Categories() []string
	// After names the projection that must have applied an event before it is delivered.
	After() string
	// Reachable reports whether the target can be reached now. A runner that cannot reach it leaves the tenants to others.
	Reachable() bool
	// Resume returns after which sequence_id to deliver, according to what the target holds. It is called before the first
	// Deliver under a lease and after each one that failed. A *TargetError stops the tenant.
	Resume(ctx context.Context, tenant domain.Tenant, checkpoint int64) (after int64, err error)
	// Deliver delivers events in their order, with gaps where events are skipped. After an error, the target holds all of
	// them or a leading part; Resume finds out which. A *PoisonError stops the tenant.
	Deliver(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) error
}

// PoisonError means that this program can never apply an event.
type PoisonError struct {
	SequenceID int64
	Err        error
}

// Error names the event's sequence_id and the cause.
func (e *PoisonError) Error() string { return fmt.Sprintf("event %d: %v", e.SequenceID, e.Err) }

// Unwrap returns the cause.
func (e *PoisonError) Unwrap() error { return e.Err }

// TargetError means that a sink's target does not hold what was delivered to it. No event caused it, so skipping one
// would not help.
type TargetError struct {
	Err error
}

// Error returns the cause's message.
func (e *TargetError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *TargetError) Unwrap() error { return e.Err }

// StoppedError means that a projection of a tenant is stopped.
type StoppedError struct {
	Projection string
	Tenant     domain.Tenant
	// SequenceID is that of the event that cannot be applied; 0 if no event caused the stop.
	SequenceID int64
	// Reason is why.
	Reason string
}

// Error names the projection, the tenant, the event if there is one, and the reason.
func (e *StoppedError) Error() string {
	if e.SequenceID == 0 {
		return fmt.Sprintf("projection %s of tenant %s stopped: %s", e.Projection, e.Tenant, e.Reason)
	}
	return fmt.Sprintf("projection %s of tenant %s stopped at event %d: %s", e.Projection, e.Tenant, e.SequenceID, e.Reason)
}
