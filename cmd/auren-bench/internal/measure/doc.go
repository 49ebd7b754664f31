// Package measure measures AUREN beside what the machine can do at best, and beside the naive way.
//
// A scenario has cases, and a case has sides: the floors, which are the bare work done without AUREN, and what is
// measured against them. A round measures each side of a case once, one right after the other, and the next round
// does so in the opposite order, so that a machine that slows down or speeds up meets all sides alike. A ratio is taken within a
// round; what is reported is the median of the rounds, with the least and the most.
//
// Each scenario begins with an empty schema and leaves an empty one behind.
package measure
