// Package projections is the contract between the log and what is made from it: a Projection makes tables of this database, a Sink
// delivers to a target outside. Each has a checkpoint for each tenant: the sequence_id up to which it has applied the log. Package
// runner moves the checkpoints, and package rebuild makes the tables of a projection again.
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

// Projection is a read model in the same database as the log. It must be safe for concurrent use with
// different tenants.
type Projection interface {
	// Name is what its checkpoint is filed under; it never changes.
	Name() string
	// Version says how events become rows; it changes when the same events would give other rows.
	Version() int
	// Categories are those of the events that it is given; nil: eventstore.CategoryMemory alone.
	Categories() []string
	// Tables names the tables that it alone writes.
	Tables() []string
	// Schema creates the tables, see generation.Model.
	Schema() string
	// Prepare does the work on a batch that needs no transaction and returns what writes the rows. The events are
	// in order, without a gap but for those that are of no memory, and follow the batch that was prepared before, which
	// may not have been written yet. One of type EventSkipped stands for one that is to change nothing but the
	// version of its memory. An event that can never be applied is an *PoisonError.
	Prepare(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) (Write, error)
}

// Write writes the rows of a batch. It is called once at most, in the transaction that moves the checkpoint.
type Write func(ctx context.Context, tx pgx.Tx) error

// Sink is a target outside of the database. It must be safe for concurrent use with different tenants.
type Sink interface {
	// Name is what its checkpoint is filed under; it never changes.
	Name() string
	// Version says what is delivered for an event.
	Version() int
	// Categories are those of the events that are delivered; nil: eventstore.CategoryMemory alone.
	Categories() []string
	// After names the projection that must have applied an event before it is delivered.
	After() string
	// Reachable tells whether the target can be reached at the moment. A runner that cannot leaves the tenants to others.
	Reachable() bool
	// Resume tells after which sequence_id to deliver, by what the target holds already. It is called before
	// the first Deliver under a lease and after each one that failed. A *TargetError stops the tenant.
	Resume(ctx context.Context, tenant domain.Tenant, checkpoint int64) (after int64, err error)
	// Deliver delivers events in their order, all or a leading part of them; after an error, Resume finds out which.
	// Between them are gaps where something was skipped. An *PoisonError stops the tenant.
	Deliver(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) error
}

// PoisonError says that an event can never be applied, at least not by this program.
type PoisonError struct {
	SequenceID int64
	Err        error
}

// Error names the event's sequence_id and what is wrong with it.
func (e *PoisonError) Error() string { return fmt.Sprintf("event %d: %v", e.SequenceID, e.Err) }

// Unwrap returns what is wrong with the event.
func (e *PoisonError) Unwrap() error { return e.Err }

// TargetError says that what a sink's target holds is not what was delivered there: no event is at fault, and to skip one
// would mend nothing.
type TargetError struct {
	Err error
}

// Error says what is wrong with the target.
func (e *TargetError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong with the target.
func (e *TargetError) Unwrap() error { return e.Err }

// StoppedError says that the projection of a tenant stands still.
type StoppedError struct {
	Projection string
	Tenant     domain.Tenant
	// SequenceID is that of the event that cannot be applied; 0 where no event is at fault.
	SequenceID int64
	// Reason is why.
	Reason string
}

// Error names the projection, the tenant, the event where there is one, and the reason.
func (e *StoppedError) Error() string {
	if e.SequenceID == 0 {
		return fmt.Sprintf("projection %s of tenant %s stopped: %s", e.Projection, e.Tenant, e.Reason)
	}
	return fmt.Sprintf("projection %s of tenant %s stopped at event %d: %s", e.Projection, e.Tenant, e.SequenceID, e.Reason)
}
