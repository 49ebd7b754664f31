package jsonimport

import (
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Counts is the number of records by verdict.
type Counts struct {
	Records   int `json:"records"`
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Kept      int `json:"kept"`
	Duplicate int `json:"duplicate"`
	Rejected  int `json:"rejected"`
	// Verified is how many of those added, changed and unchanged the projection holds as imported, or held and has
	// changed since.
	Verified int `json:"verified"`
}

func (c *Counts) add(v Verdict) {
	c.Records++
	switch v {
	case Added:
		c.Added++
	case Changed:
		c.Changed++
	case Unchanged:
		c.Unchanged++
	case Kept:
		c.Kept++
	case Duplicate:
		c.Duplicate++
	case Rejected:
		c.Rejected++
	}
}

// FileReport is the result of one file.
type FileReport struct {
	// Path is below the root, with slashes.
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
	Counts
	// Problem says why the file was not read to its end; empty if it was.
	Problem string `json:"problem,omitempty"`
	// Remarks describe what was found between the records, at most maxRemarks.
	Remarks []string `json:"remarks,omitempty"`
	// Notes counts the notes of its records.
	Notes map[NoteCode]int `json:"notes,omitempty"`
}

const maxRemarks = 10

func (f *FileReport) remark(text string) {
	if len(f.Remarks) < maxRemarks && !slices.Contains(f.Remarks, text) {
		f.Remarks = append(f.Remarks, text)
	}
}

// AgentReport counts the records of one agent; records rejected before they had one are counted under "".
type AgentReport struct {
	AgentID string `json:"agent_id"`
	Counts
}

// Report is the result of a run.
type Report struct {
	Root     string `json:"root"`
	DryRun   bool   `json:"dry_run"`
	TimeZone string `json:"time_zone"`
	// CorrelationID is shared by all events of the run.
	CorrelationID string `json:"correlation_id"`
	// Total counts all records.
	Total Counts `json:"total"`
	// Files are ordered by path, Agents by id.
	Files  []*FileReport  `json:"files"`
	Agents []*AgentReport `json:"agents"`
	// Notes counts the notes of all records.
	Notes map[NoteCode]int `json:"notes"`
	// Reasons counts the rejected records by reason, with "…" for what is particular to a record. Reasons beyond the
	// first 100 are counted under "other reasons".
	Reasons map[string]int `json:"reasons"`
	// Rejects is the file that the rejected records were written to; "" if none was requested.
	Rejects string `json:"rejects,omitempty"`
	// Ignored is how many files are not JSON files.
	Ignored int `json:"ignored"`
	// SequenceID is the highest of the imported memories; a query that waits for it sees them all.
	SequenceID int64 `json:"sequence_id"`
	// Backup is nil if none was requested.
	Backup *Backup `json:"backup,omitempty"`
	// Verification is nil in a dry run and if Deps.Current is nil.
	Verification *Verification `json:"verification,omitempty"`
	// Elapsed is in nanoseconds.
	Elapsed time.Duration `json:"elapsed_ns"`
}

const (
	maxReasons   = 100
	otherReasons = "other reasons"
)

// particular matches what differs between records in a reason: quoted text and numbers.
var particular = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?`)

func (r *Report) reject(reason string) {
	reason = particular.ReplaceAllString(reason, "…")
	if _, known := r.Reasons[reason]; !known && len(r.Reasons) >= maxReasons {
		reason = otherReasons
	}
	r.Reasons[reason]++
}

// Verification compares the memories with the projection.
type Verification struct {
	// Checked is how many records were compared: those added, changed or unchanged.
	Checked int `json:"checked"`
	// Verified is how many memories are as imported.
	Verified int `json:"verified"`
	// ChangedSince is how many were as imported and were changed in AUREN afterwards.
	ChangedSince int `json:"changed_since"`
	// Missing is how many the projection does not hold.
	Missing int `json:"missing"`
	// Differs is how many were never as imported.
	Differs int `json:"differs"`
	// Differences lists the missing and the differing, at most 100.
	Differences []Difference `json:"differences,omitempty"`
}

// Difference is a memory that is not as imported.
type Difference struct {
	ID      uuid.UUID `json:"id"`
	File    string    `json:"file"`
	Problem string    `json:"problem"`
}

// Complete reports whether every memory compared is or was as imported.
func (v *Verification) Complete() bool { return v.Verified+v.ChangedSince == v.Checked }

// The exit codes of an import.
const (
	// ExitComplete: every record is imported.
	ExitComplete = 0
	// ExitIncomplete: the run is complete, but records were rejected or files could not be read to the end.
	ExitIncomplete = 3
	// ExitUnverified: the projection does not hold what was imported.
	ExitUnverified = 4
)

// ExitCode returns the exit code of a run without an error. A run that ended with an error has the code 1, one whose
// command line or files are unusable 2.
func (r *Report) ExitCode() int {
	switch {
	case r.Verification != nil && !r.Verification.Complete():
		return ExitUnverified
	case r.Total.Rejected > 0 || len(r.Problems()) > 0:
		return ExitIncomplete
	}
	return ExitComplete
}

// Problems returns the files that were not read to the end.
func (r *Report) Problems() []*FileReport {
	var bad []*FileReport
	for _, f := range r.Files {
		if f.Problem != "" {
			bad = append(bad, f)
		}
	}
	return bad
}
