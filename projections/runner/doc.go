// Package runner keeps projections up to date with the log: it follows the log of each tenant, applies its
// events in batches, and lets one process at a time do so for each tenant and projection.
//
// # The checkpoint and its lease
//
// Each tenant and projection has a row in projection_checkpoints. It holds how far the projection is
// (sequence_id) and who may move it: a holder, a term and a time, by the database's clock, until which the holder
// keeps the lease. A Runner takes a lease that is free, has run out or is its own; each taking increments the
// term. Batches renew the lease, a heartbeat renews it between them, a clean stop gives it back.
//
// A tenant is, for one runner,
//
//   - led elsewhere: another holder's lease has not run out; the runner looks again at the next poll,
//   - led: the runner holds the lease and applies whatever is after the checkpoint,
//   - stopped: an event can never be applied; the runner keeps the lease and does nothing until the event is
//     skipped, the runner is restarted or the lease is taken from it; so, too, where the target of a sink is not as it
//     was left, which is no event's fault and nothing to skip,
//   - pausing: the last attempt failed for a reason that may pass; the runner tries again after a growing pause.
//
// # Shares
//
// Runners of one projection divide the tenants among them. Each has a row in projectors, which its heartbeat renews, and
// which no longer counts when it has not been renewed for as long as a lease lasts. With each heartbeat a runner counts
// the rows of its projection_version and the tenants, and leads no more than its share, rounded up. What exceeds it is given
// back between two batches, for whoever has room; a runner that is alone, and a tenant that nobody ever led, are bound
// by no share. The count may be wrong for the time of a heartbeat; then a lease is led by nobody, or a runner leads too
// much, for as long.
//
// # A batch
//
// Events after the checkpoint are read, at most Config.Batch of them and about Config.BatchBytes, and prepared
// outside of any transaction; while a full batch is written, the next one is already being read and prepared, and is
// thrown away if the first one fails. One transaction then moves the checkpoint, on condition that the term is still the
// runner's and the checkpoint where it read it, writes the rows, and notifies Channel. So
//
//   - the rows always are what a fold of the log up to the checkpoint gives: no event is applied twice, skipped
//     or applied out of order, whoever crashes and whenever,
//   - a runner that was paused while another took its lease changes nothing when it goes on: the condition
//     fails before a row is touched, and it lets go of the lease.
//
// A lease is a matter of efficiency; what keeps the rows right is the condition.
//
// # Sinks
//
// A Sink is a target that takes no part in the transaction, such as a message broker. It delivers a batch
// first and the checkpoint moves after it. What was delivered in vain (the checkpoint did not move) is found out by
// Resume, which is called whenever a lease was taken and after each failure, and which tells from the target itself
// how far it is. A sink lags behind the projection it names in After, so that whoever hears of an event from
// the sink finds it applied.
//
// # Failures
//
//   - The database or the sink's target is away: the runner logs it, pauses with jitter and tries again; it never
//     ends by itself. The projections of other tenants, and other runners, are not affected.
//   - An event can never be applied (an PoisonError, or a data error of PostgreSQL): the events before it are
//     applied; then the checkpoint row gets stopped_at and stopped_reason, and an error is logged. Nothing is
//     ever skipped by itself. A restart tries again.
//   - Skip has a stopped projection go on. It appends an event of type projection_event_skipped to the tenant's log,
//     in a stream that belongs to the projection and to no memory. A runner that meets an event that cannot be applied
//     looks there. If it is to be skipped, the projection is given in its place an event of that type, of the
//     same memory, version and sequence_id, which changes nothing. So a rebuild, which knows no more than the log, makes
//     the same rows. A sink is given neither what it is to skip, nor what the projection it lags behind is to skip: it
//     goes by what was decided, though a newer program may have applied it after all. The events that say so are
//     given to nobody. A runner that stands still looks again whenever the log has grown.
//   - The connection is lost in the middle of a commit: the runner lets go of the lease and takes it anew, and
//     thereby reads the checkpoint as it is.
//   - A notification is lost: polling finds the event.
//   - The row has another projection_version than the program: the tables belong to an older or newer program;
//     the runner leaves the tenant alone and says so. A rebuild brings them to this program's version, those of a newer one only
//     where that is asked for.
package runner
