// Package generation creates, shows and drops the tables of read models.
//
// Each build of a projection's tables is a generation. Its tables have their plain names in a schema of their own, such as
// auren_search_g3. For readers, a view with the plain name in the main schema shows the table of the live generation.
// The table projection_generations has a row for each generation:
//
//	state     | written by                            | read by    | becomes
//	----------+---------------------------------------+------------+------------------------------------------------
//	building  | the rebuild that created it           | nobody     | live, once it has caught up with the log; or dropped
//	comparing | the rebuild --verify that created it  | the same   | dropped, after the comparison
//	live      | the runners of its projection         | everybody  | retired, when the next one becomes live
//	retired   | nobody                                | nobody     | dropped
//
// Invariants: a projection has at most one live generation, and its views show that one; one transaction changes both.
// Numbers are never reused, so a program that still uses a generation after another dropped it finds no tables. A
// generation that is building, comparing or retired while no rebuild runs was left behind by a killed program. The next
// rebuild of the projection drops it.
package generation
