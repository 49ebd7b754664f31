package agentmemories

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections/rows"
)

// row is one version of a memory, with the metadata of its event.
type row struct {
	memory.Snapshot
	opened     bool // by an event of the batch
	changed    bool // by an event of the batch
	sequenceID int64
	recordedAt time.Time
	eventType  string
	actor      string
	reason     string
	// supersededBy is the event that replaced the version; nil if it is current.
	supersededBy *eventstore.Event
}

// The columns of both tables, and the additional ones of agent_memory_history.
var (
	constantColumns = []rows.Column[row]{
		rows.NewColumn("id", "uuid", func(r *row) *uuid.UUID { return &r.ID }),
		rows.NewColumn("agent_id", "text", func(r *row) *string { return &r.AgentID }),
		rows.NewColumn("user_id", "text", func(r *row) *string { return &r.UserID }),
		rows.NewColumn("created_at", "timestamptz", func(r *row) *time.Time { return &r.CreatedAt }),
	}
	changingColumns = []rows.Column[row]{
		rows.NewColumn("memory_type", "text", func(r *row) *string { return &r.Type }),
		rows.NewJSONColumn("content", "json", func(r *row) *canonjson.Value { return &r.Content }),
		rows.NewColumn("confidence_score", "float8", func(r *row) *float64 { return &r.Confidence }),
		rows.NewJSONColumn("metadata", "jsonb", func(r *row) *canonjson.Value { return &r.Metadata }),
		rows.NewColumn("state", "text", func(r *row) *string { return (*string)(&r.State) }),
		rows.NewColumn("expires_at", "timestamptz", func(r *row) **time.Time { return &r.ExpiresAt }),
		rows.NewColumn("valid_from", "timestamptz", func(r *row) **time.Time { return &r.ValidFrom }),
		rows.NewColumn("valid_to", "timestamptz", func(r *row) **time.Time { return &r.ValidTo }),
		rows.NewColumn("updated_at", "timestamptz", func(r *row) *time.Time { return &r.UpdatedAt }),
		rows.NewColumn("version", "int", func(r *row) *int { return &r.Version }),
		rows.NewColumn("sequence_id", "bigint", func(r *row) *int64 { return &r.sequenceID }),
		rows.NewColumn("recorded_at", "timestamptz", func(r *row) *time.Time { return &r.recordedAt }),
		rows.NewColumn("event_type", "text", func(r *row) *string { return &r.eventType }),
		rows.NewColumn("actor", "text", func(r *row) *string { return &r.actor }),
		rows.NewColumn("reason", "text", func(r *row) *string { return &r.reason }),
	}
	supersededColumns = []rows.Column[row]{
		rows.NewColumn("superseded_sequence_id", "bigint", func(r *row) *int64 { return &r.supersededBy.SequenceID }),
		rows.NewColumn("superseded_at", "timestamptz", func(r *row) *time.Time { return &r.supersededBy.CreatedAt }),
	}

	allColumns = slices.Concat(constantColumns, changingColumns)
	memories   = rows.NewTable("agent_memories", allColumns)
	history    = rows.NewTable("agent_memory_history", slices.Concat(allColumns, supersededColumns))

	load   = memories.Load(allColumns)
	upsert = memories.Upsert(changingColumns)
)
