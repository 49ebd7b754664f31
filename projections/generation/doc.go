// Package generation creates, shows and drops the tables of read models.
//
// Each build of a projection's tables is a generation. Its tables are in a schema of their own, such as auren_search_g3, and under
// their plain names there. For readers, a view of the plain name in the main schema shows the table of the live generation.
// The table projection_generations has a row for each generation:
//
//	state     | written by                            | read by    | becomes
//	----------+---------------------------------------+------------+------------------------------------------------
//	building  | the rebuild that created it           | nobody     | live, when it is level with the log; or dropped
//	comparing | the rebuild --verify that created it  | it alone   | dropped, when it was compared
//	live      | the runners of its projection         | everybody  | retired, when the next one becomes live
//	retired   | nobody                                | nobody     | dropped
//
// Invariants: a projection has one live generation at most, and its views show that one; a transaction changes both together.
// Numbers are never used twice, so a program that goes on with a generation that another one dropped finds no tables.
// A generation that is building, comparing or retired while no rebuild runs was left behind by a program that was killed. The
// next rebuild of the projection drops it.
package generation
