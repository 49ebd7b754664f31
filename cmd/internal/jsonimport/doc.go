// Package jsonimport reads the JSON files of the memory that AUREN replaces and imports each record as a memory.
// docs/import.md is its manual: the mapping, the verdicts, the replacements, the exit codes.
//
// # Stages
//
//	walk       lists the files of a tree in the order of their paths
//	survey     reads the file once: its shape, and the fields that apply to all its records
//	tokenizer  reads it again and cuts out the raw bytes of one record after another
//	repair     replaces what JSON or PostgreSQL does not allow, with a note for each replacement
//	mapper     maps the record to a memory: agent, user, type, content, confidence, time, id
//	seen       finds duplicates and conflicts by the ids of this run
//	batches    are imported, a few at a time; their outcomes are reported in the order of the records
//	verify     compares each imported record with what the projection holds
//
// # Invariants
//
//   - No file is held in memory: at most MaxRecordBytes of one record, and Options.BatchBytes of a batch.
//   - Every record gets exactly one Outcome, in the order of files and of records within them.
//   - A record's id or key, and its digest, depend on the record, its agent and its user alone. So importing again finds the same
//     memory, and a file that was moved, touched or grew adds only what is new in it.
//   - Only the verdicts added, changed, unchanged and kept come from the importer, which decides them the same way in a
//     dry run. So a dry run reports what a real run would do, record by record.
//
// # Failures
//
//   - A record that cannot be read or stored is rejected: its raw bytes go to the rejects file, the import continues.
//   - If a file ends too early or a read fails, the records before are imported; its FileReport names the problem.
//   - If the importer is unavailable, the batch is retried a limited number of times; then Run returns the error.
//   - If the process is killed, each batch was imported whole or not at all; the next run imports the rest.
package jsonimport
