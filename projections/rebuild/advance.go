package rebuild

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

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
	rows, err := j.pool.Query(ctx, query, b.Projection, b.State == generation.Comparing)
	if err != nil {
		return p, fmt.Errorf("read the checkpoints of %s: %w", b.Schema, err)
	}
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

// advance begins a phase in which each build applies what the logs, or the live tables, hold now, and then does something
// more. Without a name the current phase continues.
func (j *job) advance(ctx context.Context, phase Phase, then func(ctx context.Context, b *build) error) error {
	// The slowest indexes come first: they are created while the next tables are filled.
	builds := slices.SortedStableFunc(slices.Values(j.builds), func(a, b *build) int { return b.slowIndexes() - a.slowIndexes() })
	all, total := make([]positions, len(builds)), int64(0)
	for i, b := range builds {
		var err error
		if all[i], err = j.positions(ctx, b); err != nil {
			return err
		}
		for tenant, to := range all[i].to {
			total += max(to-all[i].from[tenant], 0)
		}
	}
	if phase != "" {
		j.phase(phase, 0, total)
	}
	// Filling a table uses two processors, creating a large index one.
	following := make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))
	group, ctx := errgroup.WithContext(ctx)
	for i, b := range builds {
		following <- struct{}{}
		group.Go(func() error {
			err := b.follow(ctx, all[i])
			<-following
			if err != nil || then == nil {
				return err
			}
			return then(ctx, b)
		})
	}
	return group.Wait()
}

// fill applies the logs to empty tables and creates the indexes of each generation as soon as it is filled.
func (j *job) fill(ctx context.Context) error {
	var filled atomic.Int64
	return j.advance(ctx, Filling, func(ctx context.Context, b *build) error {
		if filled.Add(1) == int64(len(j.builds)) {
			j.beginIndexing()
		}
		return b.createIndexes(ctx, j.indexCreated)
	})
}
