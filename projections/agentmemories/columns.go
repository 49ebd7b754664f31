package agentmemories

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain"
)

// memoryColumns and historyColumns are what a COPY writes, in the order of values.
var (
	memoryColumns = []string{
		"tenant_id", "id", "agent_id", "user_id", "memory_type", "content", "confidence_score", "metadata", "state",
		"expires_at", "created_at", "updated_at", "version", "sequence_id", "recorded_at", "event_type", "actor", "reason",
	}
	historyColumns = append(slices.Clone(memoryColumns), "superseded_sequence_id", "superseded_at")
)

func (r *row) values(tenant domain.Tenant) []any {
	return []any{
		string(tenant), r.ID, r.AgentID, r.UserID, r.Type, []byte(r.Content), r.Confidence,
		[]byte(r.Metadata), string(r.State), r.ExpiresAt, r.CreatedAt, r.UpdatedAt, r.Version, r.sequenceID, r.recordedAt,
		r.eventType, r.actor, r.reason,
	}
}

func (s *supersededRow) values(tenant domain.Tenant) []any {
	return append(s.row.values(tenant), s.by.SequenceID, s.by.CreatedAt)
}

// columns gathers rows as the arrays that unnest takes.
type columns struct {
	ids                                      pgtype.FlatArray[uuid.UUID]
	agents, users, types, contents, metadata []string
	states, eventTypes, actors, reasons      []string
	confidences                              []float64
	expires                                  pgtype.FlatArray[*time.Time]
	created, updated, recorded               []time.Time
	versions                                 []int
	sequenceIDs                              []int64
}

func (c *columns) add(r *row) {
	c.ids = append(c.ids, r.ID)
	c.agents = append(c.agents, r.AgentID)
	c.users = append(c.users, r.UserID)
	c.types = append(c.types, r.Type)
	c.contents = append(c.contents, string(r.Content))
	c.confidences = append(c.confidences, r.Confidence)
	c.metadata = append(c.metadata, string(r.Metadata))
	c.states = append(c.states, string(r.State))
	c.expires = append(c.expires, r.ExpiresAt)
	c.created = append(c.created, r.CreatedAt)
	c.updated = append(c.updated, r.UpdatedAt)
	c.versions = append(c.versions, r.Version)
	c.sequenceIDs = append(c.sequenceIDs, r.sequenceID)
	c.recorded = append(c.recorded, r.recordedAt)
	c.eventTypes = append(c.eventTypes, r.eventType)
	c.actors = append(c.actors, r.actor)
	c.reasons = append(c.reasons, r.reason)
}

// arguments are $1 to $18 of the statements.
func (c *columns) arguments(tenant domain.Tenant) []any {
	return []any{
		tenant, c.ids, c.agents, c.users, c.types, c.contents, c.confidences, c.metadata, c.states,
		c.expires, c.created, c.updated, c.versions, c.sequenceIDs, c.recorded, c.eventTypes, c.actors, c.reasons,
	}
}
