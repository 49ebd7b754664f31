package runner

import (
	"context"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain"
)

const registerRunner = `
insert into projectors (projection, projection_version, holder, seen_until)
values ($1, $2, $3, clock_timestamp() + $4::interval)
on conflict (projection, holder) do update
   set seen_until = excluded.seen_until`

// A row that is locked is just being renewed, or forgotten by another runner.
const forgetRunners = `
delete from projectors
 where (projection, holder) in
       (select projection, holder
          from projectors
         where projection = $1 and seen_until <= clock_timestamp()
           for update skip locked)`

// Only runners of one version divide tenants among them: one of another version can lead none of these.
const readShare = `
select (select count(*)
          from logs as l
          left join projection_checkpoints as c on c.tenant_id = l.tenant_id and c.projection = $1
         where coalesce(c.projection_version, $2) = $2),
       (select count(*)
          from projectors
         where projection = $1 and projection_version = $2)`

// register says that this runner is alive, and finds out how many tenants it may lead while others are, too.
func (r *Runner) register(ctx context.Context) error {
	var tenants, runners int
	batch := &pgx.Batch{}
	batch.Queue(registerRunner, r.name, r.version, r.config.Holder, r.config.LeaseTTL)
	batch.Queue(forgetRunners, r.name)
	batch.Queue(readShare, r.name, r.version).QueryRow(func(row pgx.Row) error { return row.Scan(&tenants, &runners) })
	if err := r.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("register: %w", err)
	}
	share := math.MaxInt
	if runners > 1 {
		share = max(1, (tenants+runners-1)/runners) // whoever comes first leads the first tenant
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.share = share
	return nil
}

const unregisterRunner = `
delete from projectors
 where projection = $1 and holder = $2`

// room is how many tenants more this runner may lead. Runner.mu must be held.
func (r *Runner) room() int {
	room := r.share
	for _, f := range r.followers {
		if f.term > 0 || f.serving {
			room--
		}
	}
	return room
}

// crowded tells whether this runner leads more than its share, so that turns should end.
func (r *Runner) crowded() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.room() < 0
}

const giveBackLeases = `
update projection_checkpoints as c
   set lease_holder = '',
       lease_until = '-infinity'
  from unnest($2::text[], $3::bigint[]) as given (tenant_id, term)
 where c.tenant_id = given.tenant_id and c.projection = $1 and c.lease_term = given.term`

// giveBack gives leases back that exceed the share, of tenants that no turn serves at the moment. It must be called by
// whoever begins turns.
func (r *Runner) giveBack(ctx context.Context) error {
	if !r.crowded() {
		return nil
	}
	// Since the share was found out, tenants may have come: what is given back for them, nobody has room for.
	if err := r.register(ctx); err != nil {
		return err
	}
	var tenants []domain.Tenant
	var terms []int64
	r.mu.Lock()
	surplus := -r.room()
	for tenant, f := range r.followers {
		if len(tenants) < surplus && f.term > 0 && !f.serving {
			tenants, terms = append(tenants, tenant), append(terms, f.term)
			// Whether or not the others hear of it in time, we do not lead it any more.
			f.term, f.stopped = 0, nil
		}
	}
	r.mu.Unlock()
	if len(tenants) == 0 {
		return nil
	}
	if _, err := r.pool.Exec(ctx, giveBackLeases, r.name, tenants, terms); err != nil {
		return fmt.Errorf("give leases back: %w", err)
	}
	r.log.Info("leases were given back for others to take", zap.Int("leases", len(tenants)))
	return nil
}
