package agentmemories

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// row is one version of a memory, with what its event says about how it came to be.
type row struct {
	memory.Snapshot
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
	err := from.Scan(&r.ID, &r.AgentID, &r.UserID, &r.Type, &r.Content, &r.Confidence, &r.Metadata, &r.State, &r.ExpiresAt,
		&r.CreatedAt, &r.UpdatedAt, &r.Version, &r.sequenceID, &r.recordedAt, &r.eventType, &r.actor, &r.reason)
	return r.ID, r, err
}

const upsertRows = `
insert into agent_memories as m
       (tenant_id, id, agent_id, user_id, memory_type, content, confidence_score, metadata, state, expires_at,
        created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason)
select $1, id, agent_id, user_id, memory_type, content::jsonb, confidence_score, metadata::jsonb, state, expires_at,
       created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason
  from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::text[], $9::text[],
              $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::int[], $14::bigint[],
              $15::timestamptz[], $16::text[], $17::text[], $18::text[])
    as r (id, agent_id, user_id, memory_type, content, confidence_score, metadata, state,
          expires_at, created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason)
on conflict (tenant_id, id) do update
   set memory_type = excluded.memory_type,
       content = excluded.content,
       confidence_score = excluded.confidence_score,
       metadata = excluded.metadata,
       state = excluded.state,
       expires_at = excluded.expires_at,
       updated_at = excluded.updated_at,
       version = excluded.version,
       sequence_id = excluded.sequence_id,
       recorded_at = excluded.recorded_at,
       event_type = excluded.event_type,
       actor = excluded.actor,
       reason = excluded.reason`

func upsert(ctx context.Context, tx pgx.Tx, tenant domain.Tenant, current map[uuid.UUID]*row) error {
	var c columns
	for _, r := range current {
		c.add(r)
	}
	if _, err := tx.Exec(ctx, upsertRows, c.arguments(tenant)...); err != nil {
		return fmt.Errorf("write memories: %w", err)
	}
	return nil
}

const insertSuperseded = `
insert into agent_memory_history
       (tenant_id, id, agent_id, user_id, memory_type, content, confidence_score, metadata, state, expires_at,
        created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason,
        superseded_sequence_id, superseded_at)
select $1, id, agent_id, user_id, memory_type, content::jsonb, confidence_score, metadata::jsonb, state, expires_at,
       created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason,
       superseded_sequence_id, superseded_at
  from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::text[], $9::text[],
              $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::int[], $14::bigint[],
              $15::timestamptz[], $16::text[], $17::text[], $18::text[], $19::bigint[], $20::timestamptz[])
    as r (id, agent_id, user_id, memory_type, content, confidence_score, metadata, state,
          expires_at, created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason,
          superseded_sequence_id, superseded_at)`

func supersede(ctx context.Context, tx pgx.Tx, tenant domain.Tenant, superseded []supersededRow) error {
	if len(superseded) == 0 {
		return nil
	}
	var c columns
	var by []int64
	var at []time.Time
	for i := range superseded {
		c.add(&superseded[i].row)
		by = append(by, superseded[i].by.SequenceID)
		at = append(at, superseded[i].by.CreatedAt)
	}
	if _, err := tx.Exec(ctx, insertSuperseded, append(c.arguments(tenant), by, at)...); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return nil
}

// columns gathers rows as the arrays that unnest takes.
type columns struct {
	ids                                      []uuid.UUID
	agents, users, types, contents, metadata []string
	states, eventTypes, actors, reasons      []string
	confidences                              []float64
	expires                                  []*time.Time
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
