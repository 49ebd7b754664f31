// Package writer appends to the log.
//
// Commands of one tenant that arrive while a transaction is under way wait, and the next transaction commits them together: a batch
// (queue.go, delay.go). A batch is decided in memory, one command after the other (decide.go), and written by one statement that
// moves the head of the log, inserts the events with their contents, and records the commands that had an id (statement.go).
//
// There are two ways to decide:
//
//   - Optimistic (optimistic.go): one round trip. The writer assumes that the log is where its last transaction left it, that every
//     stream is at the version that its command expects, and that every command id is new. The statement checks the head, the
//     epoch, the streams and the clock; unique constraints check the rest. If anything differs nothing is written and the locked
//     path follows.
//   - Locked (lock.go): two round trips. The first locks the head and reads streams and command ids, the second writes. Only this
//     path refuses commands. After a refusal, or after another process appended, it is taken for 50 ms.
//
// States of a batch:
//
//	state      what is held                what follows
//	assumed    nothing                     sent; locked if a command would be refused
//	locked     the lock of the head        sent; answered without a write if nothing is left to write
//	sent       the lock, in the server     committed; locked if an assumption failed; unknown if the connection is lost;
//	                                       if the database refuses it, each of its commands alone
//	committed  nothing                     answered
//	unknown    nothing                     recovered: committed, or ErrUnavailable, or ErrOutcomeUnknown
//
// Invariants:
//
//   - The head is locked from its move until the commit, so sequence_ids have no gaps and appear in the order of commits.
//   - Nothing is answered before it is committed, and nothing is refused that was only assumed.
//   - A command id is recorded in the transaction that writes the events of the command.
//   - A stream that is made from an imported record is found by the record from the transaction on that appends its first event, and
//     one record makes one stream.
//   - created_at is at most 100 ms before the lock, never after it, and never before that of the previous event.
//   - The fingerprint of a command is stored keyed by the salts of the events that it concerns.
//
// Failures:
//
//   - The caller leaves while its command waits: the command is withdrawn and not written. While it is being committed, Append
//     waits for the answer, at most Config.Timeout.
//   - The connection is lost before the commit was sent: nothing is written, ErrUnavailable.
//   - The connection is lost during the commit (commit.go): the writer locks the head on a new connection, which waits for the lost
//     transaction to end, and looks for the last event of the batch by its hash. If it is not there, moving the epoch of the log
//     prevents an optimistic statement that is still on its way from being written. If the writer cannot find out, the error is
//     ErrOutcomeUnknown; a command that had an id can be repeated safely.
//   - Several processes append to one log: the lock serializes them, and nothing else is shared.
package writer
