package search

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
)

// row is a memory as a search sees it. Its snapshot holds only what the table has columns for.
type row struct {
	memory.Snapshot
	words      int
	vector     *string // nil: as it is in the table
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

const upsertRows = `
insert into agent_memory_search
       (tenant_id, id, agent_id, user_id, memory_type, confidence_score, is_active, expires_at, created_at,
        words, vector, sequence_id)
select $1, id, agent_id, user_id, memory_type, confidence_score, is_active, expires_at, created_at,
       words, vector::tsvector, sequence_id
  from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::bool[], $8::timestamptz[],
              $9::timestamptz[], $10::int[], $11::bigint[], $12::text[])
    as r (id, agent_id, user_id, memory_type, confidence_score, is_active, expires_at, created_at,
          words, sequence_id, vector)
on conflict (tenant_id, id) do update
   set memory_type = excluded.memory_type,
       confidence_score = excluded.confidence_score,
       is_active = excluded.is_active,
       expires_at = excluded.expires_at,
       words = excluded.words,
       vector = excluded.vector,
       sequence_id = excluded.sequence_id`

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
	var texts, flags columns
	scopes := map[scope]count{}
	for _, r := range rows {
		if r.vector != nil {
			texts.add(r)
		} else {
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
	if len(texts.ids) > 0 {
		if _, err := tx.Exec(ctx, upsertRows, tenant, texts.ids, texts.agents, texts.users, texts.types, texts.confidences,
			texts.active, texts.expires, texts.created, texts.words, texts.sequenceIDs, texts.vectors); err != nil {
			return fmt.Errorf("write search rows: %w", err)
		}
	}
	if len(flags.ids) > 0 {
		if _, err := tx.Exec(ctx, updateFlags, tenant, flags.ids, flags.confidences, flags.active, flags.expires,
			flags.sequenceIDs); err != nil {
			return fmt.Errorf("write flags of search rows: %w", err)
		}
	}
	return addToScopes(ctx, tx, tenant, scopes)
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

func addToScopes(ctx context.Context, tx pgx.Tx, tenant domain.Tenant, scopes map[scope]count) error {
	var agents, users []string
	var memories, words []int
	for s, c := range scopes {
		agents, users = append(agents, s.agent), append(users, s.user)
		memories, words = append(memories, c.memories), append(words, c.words)
	}
	if _, err := tx.Exec(ctx, addCounts, tenant, agents, users, memories, words); err != nil {
		return fmt.Errorf("count the memories of scopes: %w", err)
	}
	return nil
}

// columns gathers rows as the arrays that unnest takes.
type columns struct {
	ids                           []uuid.UUID
	agents, users, types, vectors []string
	confidences                   []float64
	active                        []bool
	expires                       []*time.Time
	created                       []time.Time
	words                         []int
	sequenceIDs                   []int64
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
