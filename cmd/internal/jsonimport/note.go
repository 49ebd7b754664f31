package jsonimport

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
