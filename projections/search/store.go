package search

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
)

// store writes the rows and updates the counts of their scopes.
func store(ctx context.Context, tx pgx.Tx, tenant domain.Tenant, all map[uuid.UUID]*row) error {
	var opened, texts, flags []*row
	scopes := map[scope]count{}
	for _, r := range all {
		switch {
		case r.opened:
			opened = append(opened, r)
		case r.vector.Valid:
			texts = append(texts, r)
		default:
			flags = append(flags, r)
		}
		c := scopes[scope{r.AgentID, r.UserID}]
		c.memories -= r.countedMemories
		c.words -= r.countedWords
		if r.active {
			c.memories++
			c.words += r.words
		}
		scopes[scope{r.AgentID, r.UserID}] = c
	}
	batch := &pgx.Batch{}
	if err := table.Insert(ctx, tx, batch, tenant, opened); err != nil {
		return err
	}
	updateTexts.Queue(batch, tenant, texts)
	updateFlags.Queue(batch, tenant, flags)
	addToScopes(batch, tenant, scopes)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("write search rows: %w", err)
	}
	return nil
}

// scope is an agent and a user, to whose memories a search may be restricted.
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
