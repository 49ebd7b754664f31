package agentmemories

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
)

const upsertRows = `
insert into agent_memories as m
       (tenant_id, id, agent_id, user_id, memory_type, content, confidence_score, metadata, state, expires_at,
        created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason)
select $1, id, agent_id, user_id, memory_type, content::json, confidence_score, metadata::jsonb, state, expires_at,
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

// store writes the current rows. Those that the batch opened cannot be there yet and need not be looked for.
func store(ctx context.Context, tx pgx.Tx, tenant domain.Tenant, rows []*row) error {
	var opened []*row
	var c columns
	for _, r := range rows {
		if r.opened && len(rows) >= projections.CopyThreshold {
			opened = append(opened, r)
		} else {
			c.add(r)
		}
	}
	if len(opened) > 0 {
		err := projections.CopyRows(ctx, tx, "agent_memories", memoryColumns, opened, func(r *row) []any { return r.values(tenant) })
		if err != nil {
			return err
		}
	}
	if len(c.ids) == 0 {
		return nil
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
select $1, id, agent_id, user_id, memory_type, content::json, confidence_score, metadata::jsonb, state, expires_at,
       created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason,
       superseded_sequence_id, superseded_at
  from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::text[], $9::text[],
              $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::int[], $14::bigint[],
              $15::timestamptz[], $16::text[], $17::text[], $18::text[], $19::bigint[], $20::timestamptz[])
    as r (id, agent_id, user_id, memory_type, content, confidence_score, metadata, state,
          expires_at, created_at, updated_at, version, sequence_id, recorded_at, event_type, actor, reason,
          superseded_sequence_id, superseded_at)`

// supersede writes the versions that the batch replaced, which never were there before.
func supersede(ctx context.Context, tx pgx.Tx, tenant domain.Tenant, superseded []supersededRow) error {
	if len(superseded) == 0 {
		return nil
	}
	if len(superseded) >= projections.CopyThreshold {
		return projections.CopyRows(ctx, tx, "agent_memory_history", historyColumns, superseded,
			func(s supersededRow) []any { return s.values(tenant) })
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
