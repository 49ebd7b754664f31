package jsonimport

// NoteCode names one kind of thing that was read otherwise than it is written.
type NoteCode string

// The codes of notes; docs/import.md says for each what was done.
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

// Note tells of one thing in a record that was read otherwise than it is written.
type Note struct {
	Code NoteCode `json:"code"`
	// Field is the path within the record, as in "content.hrv[3]".
	Field string `json:"field"`
	// Text says what was found and what was taken for it.
	Text string `json:"text"`
}
