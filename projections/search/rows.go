package search

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/projections"
)

// row is a memory as a search sees it. Its snapshot holds only what the table has columns for.
type row struct {
	memory.Snapshot
	opened     bool // by an event of the batch
	words      int
	vector     *pgtype.TSVector // nil: as it is in the table
	sequenceID int64

	// What the row added to its scope before the batch.
	countedMemories, countedWords int
}

const readRows = `
select id, agent_id, user_id, memory_type, confidence_score, is_active, expires_at, created_at, words
  from agent_memory_search
 where tenant_id = $1 and id = any($2)`

func scanRow(from pgx.CollectableRow) (uuid.UUID, *row, error) {
	r := &row{}
	var active bool
	err := from.Scan(&r.ID, &r.AgentID, &r.UserID, &r.Type, &r.Confidence, &active, &r.ExpiresAt, &r.CreatedAt, &r.words)
	// Forgotten and expired memories are alike here: hidden until they are restored.
	r.State = memory.Forgotten
	if active {
		r.State, r.countedMemories, r.countedWords = memory.Active, 1, r.words
	}
	return r.ID, r, err
}

const insertRows = `
insert into agent_memory_search
       (tenant_id, id, agent_id, user_id, memory_type, confidence_score, is_active, expires_at, created_at,
        words, vector, sequence_id)
select $1, id, agent_id, user_id, memory_type, confidence_score, is_active, expires_at, created_at,
       words, vector, sequence_id
  from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::bool[], $8::timestamptz[],
              $9::timestamptz[], $10::int[], $11::tsvector[], $12::bigint[])
    as r (id, agent_id, user_id, memory_type, confidence_score, is_active, expires_at, created_at,
          words, vector, sequence_id)`

const updateTexts = `
update agent_memory_search as s
   set memory_type = r.memory_type,
       confidence_score = r.confidence_score,
       is_active = r.is_active,
       expires_at = r.expires_at,
       words = r.words,
       vector = r.vector,
       sequence_id = r.sequence_id
  from unnest($2::uuid[], $3::text[], $4::float8[], $5::bool[], $6::timestamptz[], $7::int[], $8::tsvector[], $9::bigint[])
    as r (id, memory_type, confidence_score, is_active, expires_at, words, vector, sequence_id)
 where s.tenant_id = $1 and s.id = r.id`

const updateFlags = `
update agent_memory_search as s
   set confidence_score = r.confidence_score,
       is_active = r.is_active,
       expires_at = r.expires_at,
       sequence_id = r.sequence_id
  from unnest($2::uuid[], $3::float8[], $4::bool[], $5::timestamptz[], $6::bigint[])
    as r (id, confidence_score, is_active, expires_at, sequence_id)
 where s.tenant_id = $1 and s.id = r.id`

// store writes the rows and what they change in the counts of their scopes.
func store(ctx context.Context, tx pgx.Tx, tenant domain.Tenant, rows map[uuid.UUID]*row) error {
	var opened []*row
	var texts, flags columns
	scopes := map[scope]count{}
	for _, r := range rows {
		switch {
		case r.opened:
			opened = append(opened, r)
		case r.vector != nil:
			texts.add(r)
		default:
			flags.add(r)
		}
		c := scopes[scope{r.AgentID, r.UserID}]
		c.memories -= r.countedMemories
		c.words -= r.countedWords
		if r.State == memory.Active {
			c.memories++
			c.words += r.words
		}
		scopes[scope{r.AgentID, r.UserID}] = c
	}
	batch := &pgx.Batch{}
	if len(opened) >= projections.CopyThreshold {
		err := projections.CopyRows(ctx, tx, "agent_memory_search", rowColumns, opened, func(r *row) []any { return r.values(tenant) })
		if err != nil {
			return err
		}
	} else if len(opened) > 0 {
		var c columns
		for _, r := range opened {
			c.add(r)
		}
		batch.Queue(insertRows, tenant, c.ids, c.agents, c.users, c.types, c.confidences, c.active, c.expires, c.created,
			c.words, c.vectors, c.sequenceIDs)
	}
	if c := texts; len(c.ids) > 0 {
		batch.Queue(updateTexts, tenant, c.ids, c.types, c.confidences, c.active, c.expires, c.words, c.vectors, c.sequenceIDs)
	}
	if c := flags; len(c.ids) > 0 {
		batch.Queue(updateFlags, tenant, c.ids, c.confidences, c.active, c.expires, c.sequenceIDs)
	}
	addToScopes(batch, tenant, scopes)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("write search rows: %w", err)
	}
	return nil
}

// scope is whose memories a search looks through.
type scope struct{ agent, user string }

type count struct{ memories, words int }

const addCounts = `
insert into agent_memory_search_scopes as s (tenant_id, agent_id, user_id, memories, words)
select $1, agent_id, user_id, memories, words
  from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) as c (agent_id, user_id, memories, words)
on conflict (tenant_id, agent_id, user_id) do update
   set memories = s.memories + excluded.memories,
       words = s.words + excluded.words`

func addToScopes(batch *pgx.Batch, tenant domain.Tenant, scopes map[scope]count) {
	var agents, users []string
	var memories, words []int
	for s, c := range scopes {
		agents, users = append(agents, s.agent), append(users, s.user)
		memories, words = append(memories, c.memories), append(words, c.words)
	}
	batch.Queue(addCounts, tenant, agents, users, memories, words)
}

// rowColumns are what a COPY writes, in the order of values.
var rowColumns = []string{
	"tenant_id", "id", "agent_id", "user_id", "memory_type", "confidence_score", "is_active", "expires_at", "created_at",
	"words", "vector", "sequence_id",
}

func (r *row) values(tenant domain.Tenant) []any {
	return []any{
		string(tenant), r.ID, r.AgentID, r.UserID, r.Type, r.Confidence, r.State == memory.Active,
		r.ExpiresAt, r.CreatedAt, r.words, r.vector, r.sequenceID,
	}
}

// columns gathers rows as the arrays that unnest takes.
type columns struct {
	ids                  pgtype.FlatArray[uuid.UUID]
	agents, users, types []string
	confidences          []float64
	active               []bool
	expires              pgtype.FlatArray[*time.Time]
	created              []time.Time
	words                []int
	vectors              pgtype.FlatArray[pgtype.TSVector]
	sequenceIDs          []int64
}

func (c *columns) add(r *row) {
	c.ids = append(c.ids, r.ID)
	c.agents = append(c.agents, r.AgentID)
	c.users = append(c.users, r.UserID)
	c.types = append(c.types, r.Type)
	c.confidences = append(c.confidences, r.Confidence)
	c.active = append(c.active, r.State == memory.Active)
	c.expires = append(c.expires, r.ExpiresAt)
	c.created = append(c.created, r.CreatedAt)
	c.words = append(c.words, r.words)
	c.sequenceIDs = append(c.sequenceIDs, r.sequenceID)
	if r.vector != nil {
		c.vectors = append(c.vectors, *r.vector)
	}
}
