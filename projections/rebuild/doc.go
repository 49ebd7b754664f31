// Package rebuild builds the tables of a projection from the first event of every log into a new generation, beside the live one,
// and then makes it live, or compares the two. Agents go on writing and readers go on reading all the while; nobody ever sees a
// half-built table. Package projections/generation says what a generation is and which states it has.
//
// # Steps
//
//	step         | what happens                                                          | a crash leaves
//	-------------+-----------------------------------------------------------------------+-------------------------------
//	lock         | a connection takes the advisory lock of rebuilds                      | nothing
//	create       | leftovers are dropped; a generation is created, without indexes       | building, dropped by the next
//	filling      | a runner applies the logs to it, under checkpoints in its schema      | the same
//	indexing     | its indexes are created and its statistics gathered                   | the same
//	catching up  | what was appended meanwhile is applied                                | the same
//	switching    | in one transaction, see below                                         | the same, or live and retired
//	drop         | the retired generation is dropped                                     | retired, dropped by the next
//
// The runner of a build and its statements are those that keep the live tables up to date. Its connections find the schema of the
// generation and nothing else: the tables, checkpoints of its own, and the logs as views.
//
// The switch blocks the moving of any checkpoint, applies the last events, has the views show the new tables, sets the live
// checkpoints to those of the build, with new terms, and commits. A runner of the old tables finds that its term has ended.
// A statement of a reader sees the tables and their checkpoints as they were before the switch or as they are after it, since a view
// is locked before a statement takes its snapshot.
//
// # Verify
//
// Verify follows the live tables instead of the logs. It blocks the checkpoints while it applies the last few events and takes a
// snapshot, some milliseconds, and compares in that snapshot a hash of each row with that of the row with the same key. Until it ends,
// vacuum keeps the dead rows that the snapshot sees.
//
// # Upgrade
//
// A generation records the version of the projection that makes its rows. A program that starts with a newer version calls
// Upgrade before it runs the projection: a rebuild like any other. Runners of the older version go on until the switch; after it
// they find another version in every checkpoint and do nothing. Tables of a newer version are left alone, and Run refuses to replace
// them unless Config.Downgrade is set.
//
// # Failures
//
//   - The answer to the commit of the switch is lost: the state of the generation tells whether it took place. ErrUnknown if
//     PostgreSQL cannot be asked.
//   - The connection that holds the lock is lost: the rebuild finds out within seconds and ends with ErrLockLost. Until then another
//     one may begin. It drops the generation of the first, whose statements then fail, the switch included.
//   - The process is suspended or cut off: the server closes the connection of the lock after half a minute, and ends its
//     transactions.
//   - An event cannot be applied: a *projections.StoppedError. The generation stays until the next rebuild, so that
//     projections.Skip and the status can tell which event it was.
//   - A long reader of a view delays the switch. It gives up after a short wait each time, so that other readers do not queue behind
//     it, and tries again after a pause, for some minutes.
//   - A view of somebody else on ours does not matter unless the new tables have other columns; then the switch fails and names it.
package rebuild
