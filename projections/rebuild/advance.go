package rebuild

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections/generation"
)

// positions are the positions of a build's tables, by tenant, and those that they must reach.
type positions struct {
	from, to map[domain.Tenant]int64
}

// A generation that is to become live follows the logs, one that is compared follows the live tables.
// (%s: the checkpoints of the generation; $1: the projection, $2: whether it is compared)
const readPositions = `
select l.tenant_id, coalesce(c.sequence_id, 0), case when $2 then coalesce(live.sequence_id, 0) else l.sequence_id end
  from logs as l
  left join %s as c on c.tenant_id = l.tenant_id and c.projection = $1
  left join projection_checkpoints as live on live.tenant_id = l.tenant_id and live.projection = $1`

func (j *job) positions(ctx context.Context, b *build) (positions, error) {
	p := positions{map[domain.Tenant]int64{}, map[domain.Tenant]int64{}}
	query := fmt.Sprintf(readPositions, b.Table("projection_checkpoints"))
	rows, _ := j.pool.Query(ctx, query, b.Projection, b.State == generation.Comparing) // CollectRows returns its error
	type position struct {
		Tenant   domain.Tenant
		From, To int64
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[position])
	if err != nil {
		return p, fmt.Errorf("read the checkpoints of %s: %w", b.Schema, err)
	}
	for _, at := range all {
		p.from[at.Tenant], p.to[at.Tenant] = at.From, at.To
	}
	return p, nil
}

// follow applies the events between the positions. It leaves out tenants that are there already: once the tables are filled
// these are nearly all, and acquiring and releasing the lease of each would block the live runners during the switch.
func (b *build) follow(ctx context.Context, p positions) error {
	ahead := map[domain.Tenant]int64{}
	for tenant, to := range p.to {
		if p.from[tenant] < to {
			ahead[tenant] = to
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
	all, total := map[*build]positions{}, int64(0)
	for _, b := range j.builds {
		p, err := j.positions(ctx, b)
		if err != nil {
			return err
		}
		all[b] = p
		for tenant, to := range p.to {
			total += max(to-p.from[tenant], 0)
		}
	}
	if phase != "" {
		j.phase(phase, total)
	}
	return j.each(ctx, func(ctx context.Context, b *build) error { return b.follow(ctx, all[b]) })
}
