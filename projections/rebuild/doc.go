// Package rebuild makes a projection anew from the first event of every log, beside the live one, and then puts it in
// its place, or compares the two. Agents go on writing and readers go on reading all the while; nobody ever sees a
// half-built table.
//
// # Steps
//
//  1. An advisory lock, held in one transaction until the end, keeps a second rebuild out. While the copies are built, this
//     transaction holds no snapshot: dead rows are cleaned up, and indexes built concurrently, as ever. Every few seconds
//     the process tells the server that it is there; the server ends the transaction half a minute after the last time.
//  2. In the schema auren_rebuild, empty copies are made of the projection's tables, with their constraints and without
//     their other indexes, and of the tables in which runners keep where they are. A plan records what is being built.
//  3. The same runner and the same statements that keep the live tables up to date fill the copies: they name no
//     schema, and run on connections that find auren_rebuild and nothing else; the logs are views there. These
//     connections do not wait for their commits to reach the disk: the swap does, and what it writes to the
//     server's own log follows all that was written before, so that a swap that lasts has copies that last.
//  4. As soon as a copy is filled its indexes are made, several at a time, from the definitions of the live ones, and it
//     is analyzed. Then what was appended in the meantime is applied.
//  5. Moving any checkpoint is blocked, and what still came is applied, so that the copies are no less far than the
//     live tables.
//  6. The transaction that holds the lock shuts out readers, all at the checkpoint that each reads first, drops the live
//     tables, moves the copies to their place, sets the live checkpoints to where the copies are with a new term, which
//     fences off the live projector, and commits.
//
// Memory stays bounded, in this process by the batches under way (for each of two tenants at a time and each projection, one
// that is written and one that is prepared, of 4 MiB of events each), in the server by four indexes being made at a time, of
// 256 MB each unless it is configured to take more.
//
// # Going on
//
// A rebuild that was broken off, by a crash too, is gone on with by the next one of the same plan: each copy from its own
// checkpoint, which moved in one transaction with its rows, and with the indexes that are missing. The plan holds the
// projections and their versions, the definitions of the live tables and which log it is. Where anything of it has
// changed, the next rebuild says so and begins anew. The leases of the copies have one holder; who goes on takes
// them with a new term, so what is left of the process before it applies nothing.
//
// # Verifying
//
// Verify does steps 1 to 3 up to where the live tables are, not to the heads of the logs. Then it blocks the
// checkpoints for as long as it takes to apply the last few events and to take a snapshot, some milliseconds, and compares in
// that snapshot a hash of each row with that of the row of the same key. Readers are not blocked at any time. The
// snapshot keeps the server from cleaning up dead rows until the comparison ends.
//
// # Upgrading
//
// A checkpoint records the version of the projection that made the rows. An Upgrade rebuilds, when a program starts, what an
// older program made; runners of the new version wait for it. Until the swap the old program goes on projecting and
// everybody reads its tables. After it the old runners find another version in every checkpoint, and touch nothing, nor
// do they begin with a tenant that is new while others are of another version. Of several processes that
// start, the one that gets the lock rebuilds; the others look again until it is done. Tables of a newer program are left
// alone, and Run refuses to rebuild them unless it is asked to downgrade.
//
// # Failures
//
//   - A crash or an error before the commit of step 6 leaves the live tables as they were.
//   - The answer to that commit is lost: ErrUnknown. Live tables and checkpoints go together either way, and where the schema
//     auren_rebuild is gone it took place.
//   - The connection that holds the lock is lost: the rebuild finds out within seconds and ends with ErrLockLost. It could not
//     swap anything in: the swap needs that transaction. Should another have begun meanwhile, nothing is applied twice,
//     see above; but either may fail where both make the same index, and can be gone on with. Copies in which programs of two
//     versions have written are not swapped in, and the next rebuild begins anew.
//   - An event that cannot be applied ends the rebuild with a *projections.StoppedError, unless it is to be skipped.
//   - A long reader of the live tables delays the swap. It is given up after a short wait each time, so that other
//     readers do not queue behind it, and tried again after a pause, for some minutes.
//   - A process that is suspended, or cannot reach the server, loses the lock after half a minute, and the checkpoints where it
//     blocks them. When it goes on it ends as above.
//   - Live tables whose definition changed since the copies were made are not swapped.
//   - Triggers, publications, policies, rules, views or foreign keys of others on the live tables make the
//     rebuild fail before anything is built, or in the swap if they came later, with an error that names them.
//   - An Upgrade that fails is logged, kept for ReadStatus and tried again after a pause.
package rebuild
