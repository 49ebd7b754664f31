// Package runner keeps projections and sinks up to date with the log. It follows the log of each tenant and applies or
// delivers its events in batches. One process at a time does so for each unit: a projection or a sink for one tenant.
//
// # A unit
//
// A unit has a row in projection_checkpoints: its checkpoint (sequence_id), and a lease with a holder, a term and the time,
// by the database's clock, until which the holder leads. Each acquisition of the lease increments the term. Batches renew
// the lease, a heartbeat renews it between them, and a runner that stops releases it.
//
//	state            when                                      what the runner does
//	---------------  ----------------------------------------  ------------------------------------------------------
//	foreign version  a program of another version made the     leaves the unit alone and logs it once; a rebuild brings
//	                 tables                                    the tables to this version
//	led elsewhere    another holder's lease has not run out    nothing
//	free             nobody holds the lease                    takes it if this runner is the unit's owner
//	ours             this runner holds the lease               applies what is after the checkpoint
//	stopped          ours, and an event cannot be applied, or  nothing until the log grows; then it looks for a skip event
//	                 the target of a sink does not hold what   for that event. A restart, and the next runner that
//	                 was delivered                             acquires the lease, try again
//	paused           the last turn failed for a transient      tries again after a pause that grows with each failure
//	                 reason
//
// # Owners
//
// Each runner registers in the table projectors, once for each projection, and renews that row with its leases. All runners
// compute by the same hash which of the live holders of a version owns a unit; see lease.Owner. A runner acquires only the
// leases of its own units, and releases others between two batches. A runner that is not registered, as in CatchUp,
// acquires every free lease.
//
// # A batch
//
// Events after the checkpoint are read and prepared outside any transaction. One transaction then advances the checkpoint,
// on condition that the term and the checkpoint are those that the runner knows, writes the rows, and notifies
// projections.Channel. So
//
//   - the rows are always a fold of the log up to the checkpoint: no event is applied twice, left out or applied out of
//     order, whichever process crashes at any time,
//   - a runner that was suspended while another took its lease changes nothing: the condition fails before a row is touched.
//
// The lease avoids useless work; the condition keeps the rows correct.
//
// A sink takes no part in the transaction: it delivers a batch first, then the checkpoint advances. After a failure, and
// after each acquisition of the lease, Resume asks the target for its position, and the checkpoint follows. A sink stays
// behind the projection that it names in After, so that a subscriber that receives an event finds it applied.
//
// # Failures
//
//   - The database or the sink's target is unreachable: the runner logs it, pauses and tries again; it never ends by itself.
//     Other units and other runners are not affected. A runner that cannot reach the target leaves the sink's tenants to
//     other runners.
//   - An event can never be applied (a PoisonError, or a data error of PostgreSQL): the events before it are applied, the
//     checkpoint gets stopped_at and stopped_reason, and an error is logged. Nothing is skipped without an operator's
//     decision. After projections.Skip the runner passes the projection a placeholder instead of the event; it passes a
//     sink neither the events that the sink skips nor those that its projection skips. A rebuild reads the same log and
//     makes the same rows.
//   - The connection is lost during a commit: the runner drops the lease and acquires it again, which reads the checkpoint.
//   - A notification is lost: the next poll finds the event.
package runner
