// Package rebuild builds the tables of a projection from the first event of every log into a new generation, beside the
// live one, and then makes it live, or compares the two. Meanwhile agents go on writing and readers go on reading; nobody
// ever sees a half-built table. Package projections/generation defines generations and their states.
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
// A build uses the same runner and the same statements as the live tables. The search_path of its connections is the schema
// of the generation alone: the tables, checkpoints of its own, and the logs as views.
//
// The switch locks all checkpoints, applies the last events, lets the views show the new tables, sets the live checkpoints
// to those of the build, with new terms, and commits. A runner of the old tables finds that its term has ended. A reader's
// statement sees the tables and their checkpoints either before or after the switch, since a view is locked before a
// statement takes its snapshot.
//
// # Some tenants
//
// A rebuild of some tenants (Config.Tenants) builds their rows the same way. Its switch replaces their rows in the live tables, in
// one transaction that locks only their checkpoints. The new tables then are retired, and the live ones remain.
//
// # Settings
//
// A projection may have tables of settings, such as the languages of the search index; see generation.Configured. New tables begin with
// the settings of the live ones, changed by Config.Settings. So a setting changes in the transaction that shows the rows made with
// it, and Verify compares with rows made with the same settings.
//
// # Verify
//
// Verify follows the live tables instead of the logs. It locks the checkpoints for some milliseconds, while it applies the
// last few events and takes a snapshot. In that snapshot it compares hashes of the rows with the same key. Until it ends,
// vacuum keeps the dead rows that the snapshot sees.
//
// # Upgrade
//
// A generation records the version of the projection that makes its rows. A program with a newer version calls Upgrade,
// which is a rebuild, before it runs the projection. Runners of the older version go on until the switch; after it they
// find another version in every checkpoint and do nothing. Upgrade leaves tables of a newer version alone, and Run replaces
// them only if Config.Downgrade is set.
//
// # Failures
//
//   - The answer to the commit of the switch is lost: the state of the generation tells whether the switch took place. Run
//     returns ErrUnknown if PostgreSQL cannot be asked.
//   - The connection that holds the lock is lost: the rebuild notices within seconds and ends with ErrLockLost. Until then
//     another one may begin. It drops the generation of the first, whose statements then fail, including the switch.
//   - The process is suspended or disconnected: the server closes the connection of the lock after half a minute, and rolls
//     back its transactions.
//   - An event cannot be applied: Run returns a *projections.StoppedError. The generation stays until the next rebuild, so
//     that projections.Skip and the status can name the event.
//   - A long reader of a view delays the switch. The switch waits briefly, so that other readers do not queue behind it, and
//     tries again after a pause, for some minutes.
//   - Other users' views on ours do not matter unless the new tables have other columns; then the switch fails and names one.
package rebuild
