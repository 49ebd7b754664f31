package jsonimport

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Counts says how many records had which verdict.
type Counts struct {
	Records   int `json:"records"`
	Added     int `json:"added"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Kept      int `json:"kept"`
	Duplicate int `json:"duplicate"`
	Rejected  int `json:"rejected"`
	// Verified is how many of those added, changed and unchanged were found in the projection as they must be, or
	// were and have been changed there since.
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

// FileReport is what became of one file.
type FileReport struct {
	// Path is below the root, with slashes.
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
	Counts
	// Problem says why the file was not read, or not to its end; default none.
	Problem string `json:"problem,omitempty"`
	// Remarks tell of what stands between the records, at most maxRemarks.
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

// AgentReport counts the records of one agent; those rejected before they had one are counted under "".
type AgentReport struct {
	AgentID string `json:"agent_id"`
	Counts
}

// Report is what a run did.
type Report struct {
	Root     string `json:"root"`
	DryRun   bool   `json:"dry_run"`
	TimeZone string `json:"time_zone"`
	// CorrelationID is that of every event of the run.
	CorrelationID string `json:"correlation_id"`
	// Total counts all records.
	Total Counts `json:"total"`
	// Files are in the order of their paths, Agents in that of their ids.
	Files  []*FileReport  `json:"files"`
	Agents []*AgentReport `json:"agents"`
	// Notes counts the notes of all records.
	Notes map[NoteCode]int `json:"notes"`
	// Reasons counts the rejected records by why they were rejected; what is particular to a record reads "…". Of
	// reasons beyond the first 100 it counts under "other reasons".
	Reasons map[string]int `json:"reasons"`
	// Rejects is the file that the rejected records were written to; "" where none was asked for.
	Rejects string `json:"rejects,omitempty"`
	// Ignored is how many files are no JSON files.
	Ignored int `json:"ignored"`
	// SequenceID is the last one that belongs to an imported memory; a query that waits for it sees them all.
	SequenceID int64 `json:"sequence_id"`
	// Backup is nil where none was asked for.
	Backup *Backup `json:"backup,omitempty"`
	// Verification is nil in a dry run, and where there is nothing to compare with.
	Verification *Verification `json:"verification,omitempty"`
	// Elapsed is in nanoseconds.
	Elapsed time.Duration `json:"elapsed_ns"`
}

const (
	maxReasons   = 100
	otherReasons = "other reasons"
)

// particular is what a reason says of one record alone: what it quotes, and its numbers.
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
	// Verified is how many memories are as their records say.
	Verified int `json:"verified"`
	// ChangedSince is how many were as their records say, and were changed in AUREN afterwards.
	ChangedSince int `json:"changed_since"`
	// Missing is how many the projection does not hold.
	Missing int `json:"missing"`
	// Differs is how many were never as their records say.
	Differs int `json:"differs"`
	// Differences names the missing and the differing, the first 100.
	Differences []Difference `json:"differences,omitempty"`
}

// Difference is a memory that is not as its record says.
type Difference struct {
	ID      uuid.UUID `json:"id"`
	File    string    `json:"file"`
	Problem string    `json:"problem"`
}

// Complete says that every memory compared was as its record says.
func (v *Verification) Complete() bool { return v.Verified+v.ChangedSince == v.Checked }

// The exit codes of an import.
const (
	// ExitComplete: every record is in.
	ExitComplete = 0
	// ExitIncomplete: the run came to its end, but there are rejected records or files that could not be read whole.
	ExitIncomplete = 3
	// ExitUnverified: the projection does not hold what was imported.
	ExitUnverified = 4
)

// ExitCode says how the run went. A run that ended with an error has none of these codes, but 1, and one that could
// not begin for what it was told 2.
func (r *Report) ExitCode() int {
	switch {
	case r.Verification != nil && !r.Verification.Complete():
		return ExitUnverified
	case r.Total.Rejected > 0 || len(r.Problems()) > 0:
		return ExitIncomplete
	}
	return ExitComplete
}

// Problems are the files that were not read, or not to their end.
func (r *Report) Problems() []*FileReport {
	var bad []*FileReport
	for _, f := range r.Files {
		if f.Problem != "" {
			bad = append(bad, f)
		}
	}
	return bad
}

func sortedAgents(agents map[string]*AgentReport) []*AgentReport {
	return slices.SortedFunc(maps.Values(agents), func(a, b *AgentReport) int { return strings.Compare(a.AgentID, b.AgentID) })
}
