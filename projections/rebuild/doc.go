// Package rebuild makes a projection anew from the first event of every log, beside the live one, and then puts it in
// its place. Agents go on writing and readers go on reading all the while; nobody ever sees a half-built table.
//
// # Steps
//
//  1. An advisory lock, held in one transaction until the end, keeps a second rebuild out. What an earlier one that
//     did not end left behind, the schema auren_rebuild, is dropped.
//  2. In that schema, empty copies are made of the projection's tables, with their constraints and without their
//     other indexes, and of projection_checkpoints.
//  3. The same runner and the same statements that keep the live tables up to date fill the copies: they name no
//     schema, and run on connections whose search_path begins with auren_rebuild. The logs are read where they are.
//  4. The indexes and statistics are made, from the definitions of the live ones, and the tables are analyzed.
//     What was appended in the meantime is applied.
//  5. Moving any checkpoint is blocked, and what still came is applied, so that the copies are no less far than the
//     live tables.
//  6. The transaction that holds the lock drops the live tables, moves the copies to their place, sets the live
//     checkpoints to where the copies are with a new term, which fences off the live projector, and commits.
//
// # Failures
//
//   - A crash or an error before the commit of step 6 leaves the live tables as they were; the next rebuild starts
//     anew. If the connection that holds the lock is lost, the swap fails with it.
//   - An event that cannot be applied ends the rebuild with a *projections.StoppedError.
//   - A long reader of the live tables delays the swap. It is given up after a short wait each time, so that other
//     readers do not queue behind it, and tried again a bounded number of times.
//   - Views or foreign keys of others on the live tables make the swap fail with an error that names them.
package rebuild
