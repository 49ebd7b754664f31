package projections

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
)

// The states of a projection of a tenant.
const (
	// Idle projections have applied the whole log.
	Idle = "idle"
	// Moving projections are behind, but applied an event, or received the first new one, within the last ten seconds.
	Moving = "moving"
	// Stuck projections are behind and have not moved for ten seconds.
	Stuck = "stuck"
	// Stopped projections cannot apply an event, or deliver to a target that does not hold what they delivered before.
	Stopped = "stopped"
)

// Status is the position and the state of one projection of one tenant; UpdatedAt is nil if nothing was applied yet.
type Status struct {
	Tenant        domain.Tenant `json:"tenant" example:"default"`
	Projection    string        `json:"projection" example:"agent_memories"`
	Version       int           `json:"version" doc:"The version of the projection that wrote the rows; 0 if there are none yet."`
	SequenceID    int64         `json:"sequence_id" doc:"The last event applied."`
	Head          int64         `json:"head" doc:"The last event of the log."`
	Lag           int64         `json:"lag" doc:"How many events have not been applied yet."`
	LagSeconds    float64       `json:"lag_seconds" doc:"The age of the first event that has not been applied; 0 if there is none."`
	UpdatedAt     *time.Time    `json:"updated_at" doc:"When an event was last applied."`
	Holder        string        `json:"holder" doc:"The process that leads; empty if none does."`
	Term          int64         `json:"term" doc:"How often the lease was taken."`
	StoppedAt     *int64        `json:"stopped_at" doc:"The event that stopped the projection, 0 if no event caused the stop; null if it is not stopped."`
	StoppedReason string        `json:"stopped_reason,omitempty" doc:"Why it stopped."`
	State         string        `json:"state" enum:"idle,moving,stuck,stopped" doc:"Stuck if it is behind and has not moved for ten seconds."`
}

const readStatus = `
select l.tenant_id, p.projection, coalesce(c.projection_version, 0), coalesce(c.sequence_id, 0), l.sequence_id,
       greatest(l.sequence_id - coalesce(c.sequence_id, 0), 0),
       coalesce(greatest(extract(epoch from clock_timestamp() - e.created_at), 0), 0)::double precision,
       c.updated_at,
       case when c.lease_until > clock_timestamp() then c.lease_holder else '' end,
       coalesce(c.lease_term, 0), c.stopped_at, coalesce(c.stopped_reason, ''),
       case
         when c.stopped_at is not null then 'stopped'
         when l.sequence_id <= coalesce(c.sequence_id, 0) then 'idle'
         when greatest(c.updated_at, e.created_at) > clock_timestamp() - interval '10 s' then 'moving'
         else 'stuck'
       end
  from logs as l
 cross join (select distinct projection from projection_checkpoints) as p
  left join projection_checkpoints as c on c.tenant_id = l.tenant_id and c.projection = p.projection
  left join events as e on e.tenant_id = l.tenant_id and e.sequence_id = coalesce(c.sequence_id, 0) + 1
 order by l.tenant_id, p.projection`

// ReadStatus returns the status of each projection that ever ran, for each tenant that has a log, ordered by tenant and
// projection.
func ReadStatus(ctx context.Context, pool *pgxpool.Pool) ([]Status, error) {
	rows, _ := pool.Query(ctx, readStatus) // CollectRows returns its error
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Status])
	if err != nil {
		return nil, fmt.Errorf("read status of projections: %w", err)
	}
	return all, nil
}
