package queries

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
)

// At says which state of the memories is asked for; its zero value is the present one.
type At struct {
	// MinSequenceID is the position that the answer must at least reflect; default any.
	MinSequenceID int64
	// AsOf asks for what was known then; default now.
	AsOf AsOf
}

// AsOf is a position in the log or a moment: one of the two, or neither for now.
type AsOf struct {
	// Time is a moment of recording. One in the future means now, for nothing is known of it.
	Time time.Time `json:"time,omitzero"`
	// SequenceID is a position; one that the projection has not reached is waited for like MinSequenceID.
	SequenceID int64 `json:"sequence_id,omitempty"`
}

// view is what an At comes down to: which versions of the memories, and the moment that decides what has expired.
type view struct {
	moment time.Time
	// past is set where the versions of sequenceID are asked for rather than the current ones.
	past       bool
	sequenceID int64
}

// reflects is the position that an answer reflects whose checkpoint was read with it.
func (v view) reflects(checkpoint int64) int64 {
	if v.past {
		return v.sequenceID
	}
	return checkpoint
}

// view resolves an At. The past does not change once it is projected, so it need not be resolved in the
// snapshot that is read afterwards.
func (r *Reader) view(ctx context.Context, tenant domain.Tenant, at At) (view, error) {
	now := r.config.Now()
	switch {
	case at.MinSequenceID < 0:
		return view{}, domain.Invalidf("min_sequence_id", "is %d; 0 or more is allowed", at.MinSequenceID)
	case at.AsOf == AsOf{}:
		return view{moment: now}, nil
	case at.AsOf.SequenceID < 0:
		return view{}, domain.Invalidf("as_of", "is %d; a sequence_id from 1 on or a time is allowed", at.AsOf.SequenceID)
	case at.AsOf.SequenceID > 0 && !at.AsOf.Time.IsZero():
		return view{}, domain.Invalidf("as_of", "names both a sequence_id and a time; one of them is allowed")
	}
	if minimum := max(at.MinSequenceID, at.AsOf.SequenceID); minimum > 0 {
		if err := r.await(ctx, tenant, agentMemories, minimum); err != nil {
			return view{}, err
		}
	}
	if at.AsOf.SequenceID > 0 {
		return r.viewAt(ctx, tenant, readMoment, at.AsOf.SequenceID)
	}
	if err := checkTime("as_of", at.AsOf.Time); err != nil {
		return view{}, err
	}
	moment := at.AsOf.Time
	if moment.After(now) {
		moment = now
	}
	v, err := r.viewAt(ctx, tenant, readPosition, moment)
	v.moment = moment
	return v, err
}

func (r *Reader) viewAt(ctx context.Context, tenant domain.Tenant, sql string, arg any) (view, error) {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	rows, err := r.pool.Query(ctx, sql, tenant, arg)
	if err != nil {
		return view{}, translate(fmt.Errorf("resolve as of: %w", err))
	}
	v, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (view, error) {
		v := view{past: true}
		var moment *time.Time
		err := row.Scan(&v.sequenceID, &moment)
		if moment != nil {
			v.moment = *moment
		}
		return v, err
	})
	if err != nil {
		return view{}, translate(fmt.Errorf("resolve as of: %w", err))
	}
	return v, nil
}

// Each event left one version, whose row is in one of the two tables.
const readMoment = `
select $2::bigint, max(recorded_at)
  from (
      (select sequence_id, recorded_at
         from agent_memories
        where tenant_id = $1 and sequence_id <= $2
        order by sequence_id desc
        limit 1)
      union all
      (select sequence_id, recorded_at
         from agent_memory_history
        where tenant_id = $1 and sequence_id <= $2
        order by sequence_id desc
        limit 1)
  ) last_version`

// The last position recorded by a moment, by bisection: recorded_at never runs backwards within a log.
const readPosition = `
with recursive bisection (low, high) as (
    select 0::bigint, coalesce(max(sequence_id), 0)
      from projection_checkpoints
     where tenant_id = $1 and projection = 'agent_memories'
    union all
    select case when later then low else middle end,
           case when later then middle - 1 else high end
      from bisection
     cross join lateral (select (low + high + 1) / 2 as middle) as half
     cross join lateral (
         select exists (select from agent_memories
                         where tenant_id = $1 and sequence_id = middle and recorded_at > $2)
             or exists (select from agent_memory_history
                         where tenant_id = $1 and sequence_id = middle and recorded_at > $2) as later
     ) as probe
     where low < high
)
select low, $2::timestamptz
  from bisection
 where low = high`
