// Package eventstore is the log: it appends events with expected versions and reads streams and logs back.
// It knows names and bytes, and nothing of what they mean.
//
// # Append
//
// Each tenant has one log, whose head is a row of table logs: the last sequence_id, the hash of that event
// and its created_at. A transaction that appends takes two round trips:
//
//  1. it locks the head (select … for update),
//  2. reads, under that lock, the heads of the streams it will write to and the outcomes of the command ids it
//     carries; each command is decided in memory: duplicate, version conflict, or appended with the next numbers;
//  3. then it inserts the events, each with its hash, records the command ids with their outcomes, moves the head,
//     notifies, and commits.
//
// Most batches are foreseen instead of read: if nothing of them is refused, their streams are at the versions that the
// commands expect, and their ids are new. That this is so is a condition of the statement of step 3, and a unique
// constraint tells of a version or id that is there already. Then step 2 falls away, and the lock is held for as much less.
//
// A writer that appended last also remembers the head, and the difference between the database's clock and its own. It decides
// the next batch from that, and sends step 3 alone, in one round trip: the statement moves the head, which locks it, on
// condition that the head and the clock (created_at at most 100 ms before the lock) are as foreseen, too, and that no
// command has been recorded by a row, nor an append been found lost (both move logs.epoch). After another process was
// found to append, the head is not foreseen for 50 ms.
//
// Where something is not as foreseen nothing is written, and the batch takes all three steps. So it does where a command of
// it would be refused, since the reason is only foreseen; the four batches after that are read, too.
//
// Invariants:
//
//   - sequence_id is 1, 2, 3 … per tenant without a hole, in the order of commits: a reader that has seen n has
//     seen everything up to n, for good.
//   - version is 1, 2, 3 … per stream without a hole.
//   - created_at is a moment of the database's clock, no later than the lock, and never runs backwards within a log.
//   - an event's hash covers the hash of the event before it (ChainHash).
//   - a command id is recorded in the transaction that writes its events, so either both are there or neither. The first
//     event of the command has an id that is made from it (markOf), so that no log holds two. Of a command that wrote one
//     event and nothing else, this event is the record, with the beginning of the fingerprint in its metadata; others have a
//     row in table commands as well.
//
// # Group commit
//
// A lock held over a commit is slow when each command commits alone. So the commands of one tenant that arrive
// while a transaction is under way wait, and the next transaction carries them all. Whoever finds no transaction under way
// starts one at once, unless the callers of the last one are about to come back, as those do who send one command
// after the other: then it waits for these, for half of what the last one took and 1.5 ms at most, and the more often
// they do not come the less often. Two callers or more that send so have one transaction together instead of one after the
// other. A command's conflict or duplicate is its own and does not
// touch its neighbours. Where the database refuses a whole batch for what is in it, its commands are tried one by
// one, so that only the one at fault fails.
//
// # Failures
//
//   - The caller goes away while its command waits: the command is taken out of the queue, nothing is written. (It may be
//     the one that waits to commit for others: then the next case is its.)
//   - The caller goes away while its command is being committed: Append still waits for the answer, bounded by
//     Config.Timeout.
//   - The connection is lost before COMMIT was sent: nothing is written, the error is ErrUnavailable.
//   - The connection is lost while COMMIT is under way: the store takes a new connection, locks the head, which
//     waits for the lost transaction to end, and looks whether the batch's last event is there, by its hash. Where it is
//     not, moving the epoch of the log keeps out what was decided without the lock and may still be on its way. If it
//     cannot find out, the error is ErrOutcomeUnknown; a command that had an id can then be repeated safely.
//   - Several processes append to one log: they take turns by the lock; nothing else is shared.
package eventstore
