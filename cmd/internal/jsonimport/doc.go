// Package jsonimport reads the JSON files of the memory that AUREN replaces and brings each record in as a memory.
// docs/import.md is its manual: the mapping, the verdicts, the replacements, the exit codes.
//
// # The way of a record
//
//	walk       the files of a tree, in the order of their paths
//	survey     a first pass over a file whose root is an object: its shape, and what it says for all its records
//	tokenizer  a second pass that cuts the raw bytes of one record after the other out of the file
//	repair     replaces what JSON or PostgreSQL has no place for, with a note for each replacement
//	mapper     the record as a memory: agent, user, type, content, confidence, time, id
//	seen       decides duplicates and conflicts by the ids of this run
//	batches    are imported, a few at a time, and their outcomes told in the order of the records
//	verify     compares what every imported record must have become with what the projection holds
//
// # Invariants
//
//   - No file is held in memory: at most MaxRecordBytes of one record, and Config.BatchBytes of a batch.
//   - Every record gets exactly one Outcome, in the order of files and of records within them.
//   - A record's id depends on the record, its agent and its user alone, so importing again finds the same memory;
//     its digest does as well, so a file that was moved, touched or grew brings only what is new in it.
//   - All but the verdicts added, changed, unchanged and kept is decided before a record is handed to the importer, and
//     those are decided alike in a dry run. So a dry run tells what a real run would do, record for record.
//
// # Failures
//
//   - A record that cannot be read or kept is rejected: its raw bytes go to the rejects file, the others go on.
//   - A file that ends too early, or cannot be read on, keeps what came before; its FileReport names the problem.
//   - The importer is unavailable: the batch is repeated, a bounded number of times, then Run ends with the error.
//   - The process is killed: every batch is in or not; the next run brings the rest.
package jsonimport
