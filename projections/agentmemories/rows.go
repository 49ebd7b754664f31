package agentmemories

import (
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// row is one version of a memory, with what its event says about how it came to be.
type row struct {
	memory.Snapshot
	opened     bool // by an event of the batch
	changed    bool // by an event of the batch
	sequenceID int64
	recordedAt time.Time
	eventType  string
	actor      string
	reason     string
}

// supersededRow is a version that an event replaced.
type supersededRow struct {
	row
	by *eventstore.Event
}

const readRows = `
select id, agent_id, user_id, memory_type, content, confidence_score, metadata, state, expires_at,
       created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason
  from agent_memories
 where tenant_id = $1 and id = any($2)`

func scanRow(from pgx.CollectableRow) (uuid.UUID, *row, error) {
	r := &row{}
	err := from.Scan(&r.ID, &r.AgentID, &r.UserID, &r.Type, (*[]byte)(&r.Content), &r.Confidence, (*[]byte)(&r.Metadata), &r.State, &r.ExpiresAt,
		&r.CreatedAt, &r.UpdatedAt, &r.Version, &r.sequenceID, &r.recordedAt, &r.eventType, &r.actor, &r.reason)
	return r.ID, r, err
}
