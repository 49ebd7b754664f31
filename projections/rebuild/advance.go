package rebuild

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/runner"
)

// leg is the way that one copy has to go.
type leg struct {
	projection projections.Projection
	runner     *runner.Runner
	// at is where the copy is, until is how far to go.
	at, until map[domain.Tenant]int64
}

// walk goes the way. Tenants that are there already are left out: of most there is nothing new, and to take the lease of each
// and give it back would keep projectors waiting while the copies are swapped in.
func (l leg) walk(ctx context.Context) error {
	ahead := map[domain.Tenant]int64{}
	for tenant, until := range l.until {
		if l.at[tenant] < until {
			ahead[tenant] = until
		}
	}
	if len(ahead) == 0 {
		return nil
	}
	return l.runner.CatchUpTo(ctx, ahead)
}

// fill applies the logs to the copies, and makes the indexes of each as soon as it is filled. To fill a copy keeps two
// processors busy and to make the dearest index one, for long: so no more copies are filled at once than there are
// processors for, and the one with that index first.
func (b *build) fill(ctx context.Context) error {
	legs, err := b.legs(ctx)
	if err != nil {
		return err
	}
	if err := b.beginWay(ctx, Filling, legs); err != nil {
		return err
	}
	if legs, err = b.dearestFirst(ctx, legs); err != nil {
		return err
	}
	var left atomic.Int64
	left.Store(int64(len(legs)))
	filling := make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))
	group, within := errgroup.WithContext(ctx)
	for _, l := range legs {
		filling <- struct{}{}
		group.Go(func() error {
			err := l.walk(within)
			<-filling
			if err != nil {
				return err
			}
			if left.Add(-1) == 0 {
				if err := b.beginIndexing(within); err != nil {
					return err
				}
			}
			return b.createIndexes(within, l.projection.Tables())
		})
	}
	return group.Wait()
}

const hasDearIndex = `
select exists (
       select
         from pg_index as i
         join pg_class as x on x.oid = i.indexrelid
         join pg_am as m on m.oid = x.relam
        where i.indrelid = any($1::text[]::regclass[]) and m.amname <> 'btree')`

// dearestFirst puts the copies first whose indexes are no mere B-trees.
func (b *build) dearestFirst(ctx context.Context, legs []leg) ([]leg, error) {
	var dear, others []leg
	for _, l := range legs {
		var originals []string
		for _, table := range l.projection.Tables() {
			originals = append(originals, b.original(table))
		}
		var isDear bool
		if err := b.pool.QueryRow(ctx, hasDearIndex, originals).Scan(&isDear); err != nil {
			return nil, fmt.Errorf("look at the indexes of %s: %w", l.projection.Name(), err)
		}
		if isDear {
			dear = append(dear, l)
		} else {
			others = append(others, l)
		}
	}
	return append(dear, others...), nil
}

// advance applies to the copies what the logs hold at its beginning.
func (b *build) advance(ctx context.Context, phase Phase) error {
	legs, err := b.legs(ctx)
	if err != nil {
		return err
	}
	if err := b.beginWay(ctx, phase, legs); err != nil {
		return err
	}
	return follow(ctx, legs)
}

// beginWay begins a phase that goes the given way.
func (b *build) beginWay(ctx context.Context, phase Phase, legs []leg) error {
	var done, total int64
	for _, l := range legs {
		for tenant := range l.until {
			done, total = done+l.at[tenant], total+l.until[tenant]
		}
	}
	if phase == CatchingUp {
		done, total = 0, total-done
	}
	return b.begin(ctx, phase, done, total)
}

// catchUp is advance within a phase.
func (b *build) catchUp(ctx context.Context) error {
	legs, err := b.legs(ctx)
	if err != nil {
		return err
	}
	return follow(ctx, legs)
}

func follow(ctx context.Context, legs []leg) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, l := range legs {
		group.Go(func() error { return l.walk(ctx) })
	}
	return group.Wait()
}

// Copies that are to be swapped in follow the logs; others stay where the live tables are.
// (%[1]s: the checkpoints of the copies, %[2]s: those of the live tables; $1: the projection, $2: whether to stay)
const readLeg = `
select l.tenant_id, coalesce(c.sequence_id, 0), case when $2 then coalesce(live.sequence_id, 0) else l.sequence_id end
  from logs as l
  left join %[1]s as c on c.tenant_id = l.tenant_id and c.projection = $1
  left join %[2]s as live on live.tenant_id = l.tenant_id and live.projection = $1`

type way struct {
	Tenant    domain.Tenant
	At, Until int64
}

// legs tells what there is to apply now.
func (b *build) legs(ctx context.Context) ([]leg, error) {
	legs := make([]leg, len(b.rebuilt))
	query := fmt.Sprintf(readLeg, b.copyOf(checkpoints), b.original(checkpoints))
	for i, p := range b.rebuilt {
		l := leg{projection: p, runner: b.runners[i], at: map[domain.Tenant]int64{}, until: map[domain.Tenant]int64{}}
		rows, err := b.pool.Query(ctx, query, p.Name(), b.purpose == toCompare)
		if err != nil {
			return nil, fmt.Errorf("read where the copies are: %w", err)
		}
		all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[way])
		if err != nil {
			return nil, fmt.Errorf("read where the copies are: %w", err)
		}
		for _, w := range all {
			l.at[w.Tenant], l.until[w.Tenant] = w.At, w.Until
		}
		legs[i] = l
	}
	return legs, nil
}
