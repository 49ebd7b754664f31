package rows

import (
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// Decode decodes an event of a memory; nil for the placeholder of a skipped one. The error is a *projections.PoisonError.
func Decode(e *eventstore.Event) (memory.Event, error) {
	if projections.IsPlaceholder(e) {
		return nil, nil
	}
	decoded, err := memory.Decode(e.Type, e.SchemaVersion, e.Payload, e.Contents)
	if err != nil {
		return nil, &projections.PoisonError{SequenceID: e.SequenceID, Err: err}
	}
	return decoded, nil
}

// Apply returns a memory after an event, by the aggregate's own Apply. A skipped event changes only the version; a memory
// that begins with one is forgotten and has no content.
func Apply(s memory.Snapshot, e *eventstore.Event, decoded memory.Event) memory.Snapshot {
	if decoded != nil {
		m := memory.FromSnapshot(s)
		m.Apply(e.StreamID, decoded, e.OccurredAt)
		return m.Snapshot()
	}
	if e.Version == 1 {
		s = memory.Snapshot{
			ID: e.StreamID, State: memory.StateForgotten, CreatedAt: e.OccurredAt, Fields: memory.Fields{
				AgentID: e.AgentID, UserID: e.UserID, Type: memory.DefaultType, Content: canonjson.Null(), Metadata: canonjson.EmptyObject(),
			},
		}
	}
	s.Version, s.UpdatedAt = e.Version, e.OccurredAt
	return s
}
