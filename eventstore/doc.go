// Package eventstore is the log: the form of its events, and how to read and follow them. Package eventstore/writer appends.
//
// Each tenant has one log. Its events stand in table events, what was said in them in table event_contents (package contents), and
// where it ends in its row of table logs: the last sequence_id, the hash of that event and its created_at. The event store knows
// names and bytes, not what they mean.
//
// Invariants, for readers:
//
//   - sequence_id is 1, 2, 3 … per tenant without a gap, in the order of commits: a reader that has seen n has seen every event up
//     to n, and none of them ever changes.
//   - version is 1, 2, 3 … per stream without a gap, and all events of a stream have one category.
//   - created_at is the database's clock and never runs backwards within a log.
//   - the hash of an event covers every other column and the hash of the event before it (ChainHash). The payload holds the digest
//     of the contents, so contents can be erased and the chain still verified.
package eventstore
