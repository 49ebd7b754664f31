package jsonimport

import (
	"strconv"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
)

// Outcome is the result of one record.
type Outcome struct {
	// File is the path below the root, with slashes.
	File string `json:"file"`
	// Section is the list within the file that holds the record, e.g. "data.memories"; "" for the root.
	Section string `json:"section,omitempty"`
	// Index counts the records of a section from 0.
	Index   int     `json:"index"`
	Verdict Verdict `json:"verdict"`
	// Reason says why a record was rejected, or which other record represents it.
	Reason string `json:"reason,omitempty"`
	// ID is the memory's; omitted if the record has none: it got its verdict before, or a dry run would add it.
	ID      uuid.UUID `json:"id,omitzero"`
	AgentID string    `json:"agent_id,omitempty"`
	UserID  string    `json:"user_id,omitempty"`
	Notes   []Note    `json:"notes,omitempty"`
}

// place names a record, for messages.
func (o Outcome) place() string {
	return o.File + " " + o.Section + "[" + strconv.Itoa(o.Index) + "]"
}

// NoteCode names one kind of replacement.
type NoteCode string

// The codes of notes; docs/import.md says what each replaces by what.
const (
	NoteNotANumber       NoteCode = "not_a_number"
	NoteNUL              NoteCode = "nul"
	NoteLoneSurrogate    NoteCode = "lone_surrogate"
	NoteInvalidUTF8      NoteCode = "invalid_utf8"
	NoteControlCharacter NoteCode = "control_character"
	NoteDuplicateKey     NoteCode = "duplicate_key"
	NoteLongNumber       NoteCode = "long_number"

	NoteConfidenceClamped NoteCode = "confidence_clamped"
	NoteConfidenceUnread  NoteCode = "confidence_unreadable"
	NoteTypeUnknown       NoteCode = "type_unknown"
	NoteAgentUnknown      NoteCode = "agent_unknown"
	NoteMetadataWrapped   NoteCode = "metadata_wrapped"
	NoteIDDerived         NoteCode = "id_derived"

	NoteTimeGap     NoteCode = "time_in_gap"
	NoteTimeOverlap NoteCode = "time_in_overlap"
	NoteTimeUnread  NoteCode = "time_unreadable"
	NoteTimeMissing NoteCode = "time_missing"

	NoteDuplicateHypothesis NoteCode = "duplicate_hypothesis"
)

// Note reports one value of a record that was replaced or is doubtful.
type Note struct {
	Code NoteCode `json:"code"`
	// Field is the path within the record, e.g. "content.hrv[3]".
	Field string `json:"field"`
	// Text says what was found and what was used instead.
	Text string `json:"text"`
}

// Verdict is the result of importing a record.
type Verdict string

// The verdicts. The first four are those of commands.ImportResult.
const (
	Added     = Verdict(commands.ImportAdded)
	Changed   = Verdict(commands.ImportChanged)
	Unchanged = Verdict(commands.ImportUnchanged)
	Kept      = Verdict(commands.ImportKept)
	// Duplicate is a record that another record of the run represents.
	Duplicate Verdict = "duplicate"
	// Rejected is a record that could not become a memory; its raw bytes are in the rejects file.
	Rejected Verdict = "rejected"
)
