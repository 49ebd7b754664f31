package scenario

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/world"
)

// The naive way to search: one table that holds all, the vector generated in it, the usual two indexes.
const (
	createNaive = `
create table auren_bench.memories (
    tenant_id varchar(63) not null, id uuid not null, agent_id varchar(100) not null, user_id varchar(255) not null,
    content jsonb not null, created_at timestamptz not null,
    vector tsvector not null generated always as (jsonb_to_tsvector('english', content, '["string"]')) stored,
    primary key (tenant_id, id))`
	indexNaiveVector = `create index on auren_bench.memories using gin (vector)`
	indexNaiveScope  = `create index on auren_bench.memories (tenant_id, agent_id, user_id, created_at)`
	fillNaive        = `
insert into auren_bench.memories (tenant_id, id, agent_id, user_id, content, created_at)
select tenant_id, id, agent_id, user_id, content, created_at
  from agent_memories`

	searchNaive = `
select id, content, ts_rank_cd(vector, query) as rank
  from auren_bench.memories, to_tsquery('english', $4) as query
 where tenant_id = $1 and agent_id = $2 and user_id = $3 and vector @@ query
 order by rank desc
 limit 10`

	getBare = `
select id, agent_id, user_id, memory_type, content, confidence_score, metadata, state, version, sequence_id, created_at, updated_at, expires_at
  from agent_memories
 where tenant_id = $1 and id = $2`
	listBare = `
select id, agent_id, user_id, memory_type, content, confidence_score, metadata, state, version, sequence_id, created_at, updated_at, expires_at
  from agent_memories
 where tenant_id = $1 and agent_id = $2 and user_id = $3
 order by created_at, id
 limit 50`
)

// settle is what autovacuum does in its own time.
const settle = `vacuum (analyze) agent_memories, search_scopes, search_documents, search_tails, search_segments, search_postings, search_terms, search_ends, auren_bench.memories`

// readable fills the log, the read models and the naive table, and lets them settle.
func (b *run) readable(ctx context.Context, scopes []world.Scope) error {
	if err := b.Remember(ctx, scopes); err != nil {
		return err
	}
	if err := b.ProjectAll(ctx); err != nil {
		return err
	}
	b.Say("filling the floor")
	return b.Exec(ctx, createNaive, fillNaive, indexNaiveVector, indexNaiveScope, settle)
}

// searchFloor searches the naive way and returns how many were found.
func (b *run) searchFloor(ctx context.Context, agent, query string) (int, error) {
	type found struct {
		ID      uuid.UUID
		Content string
		Rank    float32
	}
	rows, _ := b.Pool.Query(ctx, searchNaive, world.Tenant, agent, world.User, query) // CollectRows returns its error
	hits, err := pgx.CollectRows(rows, pgx.RowToStructByPos[found])
	return len(hits), err
}

// read drains a statement without a look at what it returns.
func (b *run) read(ctx context.Context, sql string, arguments ...any) error {
	rows, err := b.Pool.Query(ctx, sql, arguments...)
	if err != nil {
		return err
	}
	rows.Close()
	return some(int(rows.CommandTag().RowsAffected()), rows.Err())
}
