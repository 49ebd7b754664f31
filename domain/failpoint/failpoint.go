// Package failpoint numbers the places where a crash tests a guarantee: between each two steps that the guarantee depends
// on. The code calls Reached there. In an ordinary build Reached does nothing, and the compiler removes it. A program
// built with -tags failpoints acts at one of them according to its environment:
//
//	AUREN_FAILPOINT=12:3:kill   when point 12 is reached for the third time, end as if by kill -9
//
// The actions are
//
//	kill           the process kills itself (SIGKILL)
//	stop           the process stops itself (SIGSTOP), until it receives SIGCONT
//	kill-postgres  the process whose id is in AUREN_FAILPOINT_PID is killed (SIGKILL); this one goes on
//
// Before it acts it writes "failpoint 12 reached" to stderr. It acts once.
package failpoint

// Point is one of the numbered places. A number is never reused for another place.
type Point int

// The points of an append.
const (
	// AppendBegun: a batch has been taken out of the queue; nothing has been sent to the database.
	AppendBegun Point = 1
	// AppendLocked: the log is locked and the events are decided; nothing has been written.
	AppendLocked Point = 2
	// AppendSent: the commit is on its way to the database; its answer has not been read, so it is in doubt.
	AppendSent Point = 3
	// AppendCommitted: the commit has been answered; the callers have not been.
	AppendCommitted Point = 4
	// AppendAssumed: the events are decided without the lock, for a single round trip; nothing has been sent.
	AppendAssumed Point = 5
	// AppendAssumedSent: that round trip is under way; its answer has not been read, so it is in doubt.
	AppendAssumedSent Point = 6
)

// The points of a projection's batch.
const (
	// ProjectionRead: the events have been read and prepared; no transaction has begun.
	ProjectionRead Point = 11
	// ProjectionMoved: the checkpoint has moved within the transaction; no row has been written.
	ProjectionMoved Point = 12
	// ProjectionWritten: the rows have been written, too; the transaction has not been committed.
	ProjectionWritten Point = 13
	// ProjectionCommitted: the transaction has been committed; the runner has not taken note of it.
	ProjectionCommitted Point = 14
)

// The points of the fan-out.
const (
	// RelayRead: the events have been read; nothing has been published.
	RelayRead Point = 21
	// RelayHalfway: half of an atomic batch of messages has been sent.
	RelayHalfway Point = 22
	// RelayPublished: the server has stored the batch and answered; the relay has not looked at the answer.
	RelayPublished Point = 23
	// RelayAcknowledged: the relay knows that the batch is stored; the checkpoint has not moved.
	RelayAcknowledged Point = 24
)

// The points of a rebuild.
const (
	// RebuildCreated: the empty tables have been created.
	RebuildCreated Point = 31
	// RebuildFilling: some events have been applied to the new tables, not all.
	RebuildFilling Point = 32
	// RebuildIndexed: the new tables are filled and have their indexes.
	RebuildIndexed Point = 33
	// RebuildSwitching: the new tables are live within the transaction, which has not been committed.
	RebuildSwitching Point = 34
	// RebuildSwitched: that transaction has been committed, and the old tables are still there.
	RebuildSwitched Point = 35
)

// The points of the sweeper and of an import.
const (
	// SweepFound: the memories that are due have been read; none has been expired.
	SweepFound Point = 41
	// SweepExpired: one of them has been expired; the next has not.
	SweepExpired Point = 42
	// ImportBatch: a batch of records has been committed; it has not been reported.
	ImportBatch Point = 51
)

// All returns every point, by its number.
func All() []Point {
	return []Point{
		AppendBegun, AppendLocked, AppendSent, AppendCommitted, AppendAssumed, AppendAssumedSent,
		ProjectionRead, ProjectionMoved, ProjectionWritten, ProjectionCommitted,
		RelayRead, RelayHalfway, RelayPublished, RelayAcknowledged,
		RebuildCreated, RebuildFilling, RebuildIndexed, RebuildSwitching, RebuildSwitched,
		SweepFound, SweepExpired, ImportBatch,
	}
}
