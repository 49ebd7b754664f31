package rebuild

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections/generation"
)

// position is where a build's tables are in the log of a tenant, and where they must get.
type position struct {
	Tenant   domain.Tenant
	From, To int64
}

// A generation that is to become live follows the logs, one that is compared follows the live tables.
// (%s: the checkpoints of the generation; $1: the projection, $2: whether it is compared, $3: the tenants, null for all)
const readPositions = `
select l.tenant_id, coalesce(c.sequence_id, 0), case when $2 then coalesce(live.sequence_id, 0) else l.sequence_id end
  from logs as l
  left join %s as c on c.tenant_id = l.tenant_id and c.projection = $1
  left join projection_checkpoints as live on live.tenant_id = l.tenant_id and live.projection = $1
 where $3::text[] is null or l.tenant_id = any($3)`

func (j *job) positions(ctx context.Context, b *build) ([]position, error) {
	query := fmt.Sprintf(readPositions, b.Table("projection_checkpoints"))
	rows, _ := j.pool.Query(ctx, query, b.Projection, b.State == generation.Comparing, j.tenants()) // CollectRows returns its error
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[position])
	if err != nil {
		return nil, fmt.Errorf("read the checkpoints of %s: %w", b.Schema, err)
	}
	return all, nil
}

// follow applies the events between the positions. It leaves out tenants that are there already: once the tables are filled
// these are nearly all, and acquiring and releasing the lease of each would block the live runners during the switch.
func (b *build) follow(ctx context.Context, all []position) error {
	ahead := map[domain.Tenant]int64{}
	for _, p := range all {
		if p.From < p.To {
			ahead[p.Tenant] = p.To
		}
	}
	if len(ahead) == 0 {
		return nil
	}
	return b.runner.CatchUpTo(ctx, ahead)
}

// advance begins a phase in which each build applies what the logs, or the live tables, hold now. Without a name the
// current phase continues.
func (j *job) advance(ctx context.Context, phase Phase) error {
	all, total := map[*build][]position{}, int64(0)
	for _, b := range j.builds {
		var err error
		if all[b], err = j.positions(ctx, b); err != nil {
			return err
		}
		for _, p := range all[b] {
			total += max(p.To-p.From, 0)
		}
	}
	if phase != "" {
		j.phase(phase, total)
	}
	return j.each(ctx, func(ctx context.Context, b *build) error { return b.follow(ctx, all[b]) })
}
