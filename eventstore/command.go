package eventstore

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
)

// Values of StreamAppend.Expected besides versions.
const (
	// None expects that the stream does not exist yet.
	None = 0
	// Any appends at whatever version the stream has.
	Any = -1
)

// StreamAppend appends events to one stream.
type StreamAppend struct {
	StreamID uuid.UUID
	// Category of the events, which must be that of the stream's; default CategoryMemory.
	Category string
	// Expected is the version the stream must be at: a version, None or Any.
	Expected int
	// AgentID and UserID are stored with each event, so that the log can be read by them.
	AgentID, UserID string
	// Events to append; with none, it only asserts the expected version.
	Events []NewEvent
	// Record is the keyed digest of the imported record that the stream was made from, by which Log.Imported finds it; default
	// none. If it finds a stream by it already, the command is not appended, and its error is ErrImported.
	Record Hash
}

// Command is appended in one transaction with its outcome, though each write succeeds or conflicts by itself.
type Command struct {
	Tenant domain.Tenant
	// ID makes the command idempotent; default none. The metadata of its events should name it, for those who read the log; the
	// store does not.
	ID string
	// Fingerprint tells the same command from another one under the same ID; needed where ID is set. It is stored keyed by the
	// salts of the events that the command concerns. Once one of these is erased, the ID alone tells a repeated command.
	Fingerprint Hash
	Writes      []StreamAppend
	// Note is kept with the outcome, for what the caller wants to answer a repetition with; default none.
	Note json.RawMessage
}

// WriteResult is where a write left its stream, or the conflict that kept it from being written.
type WriteResult struct {
	StreamID uuid.UUID `json:"stream_id"`
	// Version, SequenceID and EventID are those of the stream's last event.
	Version    int       `json:"version"`
	SequenceID int64     `json:"sequence_id"`
	EventID    uuid.UUID `json:"event_id"`
	// Conflict is set where nothing was written; the fields above then tell where the stream is.
	Conflict *domain.VersionConflictError `json:"conflict,omitempty"`
}

// Result is what became of a command.
type Result struct {
	// Duplicate says that the command had been appended before; Outcome is its first.
	Duplicate bool
	Outcome
}

// Outcome is what is kept of a command that had an id.
type Outcome struct {
	// Writes has one result for each write, in their order.
	Writes []WriteResult `json:"writes"`
	// Note is that of the command.
	Note json.RawMessage `json:"note,omitempty"`
}
