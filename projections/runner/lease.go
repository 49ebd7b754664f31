package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
)

// errLeaseLost says that somebody else leads the tenant, or that the checkpoint is not where it was left.
var errLeaseLost = errors.New("the lease was lost")

// A tenant without a checkpoint is for the version that the others are of: while programs of two versions run, only
// one of them knows how to write the tables.
const acquireLease = `
insert into projection_checkpoints as c (tenant_id, projection, projection_version, lease_holder, lease_term, lease_until)
select $1::varchar, $2::text, $3::int, $4, 1, clock_timestamp() + $5::interval
 where exists (select from projection_checkpoints where tenant_id = $1 and projection = $2)
    or not exists (select from projection_checkpoints where projection = $2 and projection_version <> $3)
on conflict (tenant_id, projection) do update
   set lease_holder = excluded.lease_holder,
       lease_term = c.lease_term + 1,
       lease_until = clock_timestamp() + $5::interval
 where c.projection_version = excluded.projection_version
   and (c.lease_until <= clock_timestamp() or c.lease_holder = excluded.lease_holder)
returning lease_term, sequence_id`

// acquire takes the lease of a tenant, if it is to be had, and reads the checkpoint.
func (r *Runner) acquire(ctx context.Context, f *follower) (bool, error) {
	var term, sequenceID int64
	err := r.pool.QueryRow(ctx, acquireLease, f.tenant, r.name, r.version, r.config.Holder, r.config.LeaseTTL).
		Scan(&term, &sequenceID)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("acquire lease: %w", err)
	}
	r.mu.Lock()
	f.term = term
	r.mu.Unlock()
	f.sequenceID, f.resumed, f.skips, f.skipped = sequenceID, false, 0, nil
	r.config.Leased(f.tenant, term)
	say := r.log.Debug
	if term > 1 {
		say = r.log.Info // somebody led before
	}
	say("lease taken", zap.String("tenant", string(f.tenant)), zap.Int64("term", term), zap.Int64("sequence_id", sequenceID))
	return true, nil
}

// letGo forgets a lease, which then has to be acquired anew.
func (r *Runner) letGo(f *follower) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f.term, f.stopped = 0, nil
}

const moveCheckpoint = `
update projection_checkpoints
   set sequence_id = $5,
       updated_at = clock_timestamp(),
       lease_until = clock_timestamp() + $6::interval,
       stopped_at = null,
       stopped_reason = ''
 where tenant_id = $1 and projection = $2 and lease_term = $3 and sequence_id = $4`

// move moves the checkpoint and renews the lease; errLeaseLost where it is not ours to move.
func (r *Runner) move(ctx context.Context, tx pgx.Tx, f *follower, to int64) error {
	tag, err := tx.Exec(ctx, moveCheckpoint, f.tenant, r.name, f.term, f.sequenceID, to, r.config.LeaseTTL)
	if err != nil {
		return fmt.Errorf("move checkpoint: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return errLeaseLost
	}
	return nil
}

const markStopped = `
update projection_checkpoints
   set stopped_at = $5,
       stopped_reason = $6
 where tenant_id = $1 and projection = $2 and lease_term = $3 and sequence_id = $4`

// stop records that the tenant stands still in front of an event; at 0, that no event is at fault.
func (r *Runner) stop(ctx context.Context, f *follower, at int64, cause error) error {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	reason := cause.Error()
	if e, ok := errors.AsType[*projections.PoisonError](cause); ok {
		reason = e.Err.Error()
	}
	tag, err := r.pool.Exec(ctx, markStopped, f.tenant, r.name, f.term, f.sequenceID, at, reason)
	if err != nil {
		return fmt.Errorf("record the stop at event %d: %w", at, err)
	}
	if tag.RowsAffected() == 0 {
		return errLeaseLost
	}
	r.mu.Lock()
	f.stopped = &projections.StoppedError{Projection: r.name, Tenant: f.tenant, SequenceID: at, Reason: reason}
	r.mu.Unlock()
	r.log.Error("the projection of the tenant stands still",
		zap.String("tenant", string(f.tenant)), zap.Int64("sequence_id", at), zap.String("reason", reason))
	return nil
}

// A row that is locked belongs to a batch, which renews its lease itself; waiting for it would endanger the others.
const renewLeases = `
  with held as (
       select c.tenant_id
         from unnest($2::text[], $3::bigint[]) as h (tenant_id, term)
         join projection_checkpoints as c
           on c.tenant_id = h.tenant_id and c.projection = $1 and c.lease_term = h.term
          for update of c skip locked)
update projection_checkpoints as c
   set lease_until = clock_timestamp() + $4::interval
  from held
 where c.tenant_id = held.tenant_id and c.projection = $1
returning c.tenant_id`

// heartbeat beats until ctx ends.
func (r *Runner) heartbeat(ctx context.Context) {
	tick := time.NewTicker(r.config.LeaseTTL / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.beat(ctx)
		}
	}
}

// beat says that this runner is alive and renews its leases, unless it is to stand aside.
func (r *Runner) beat(ctx context.Context) {
	if !r.reachable() {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, r.config.LeaseTTL)
	defer cancel()
	if err := errors.Join(r.renew(bounded), r.register(bounded)); err != nil && ctx.Err() == nil {
		r.log.Warn("the leases could not be renewed", zap.Error(err))
	}
}

func (r *Runner) renew(ctx context.Context) error {
	tenants, terms := r.held()
	if len(tenants) == 0 {
		return nil
	}
	rows, err := r.pool.Query(ctx, renewLeases, r.name, tenants, terms, r.config.LeaseTTL)
	if err != nil {
		return err
	}
	renewed, err := pgx.CollectRows(rows, pgx.RowTo[domain.Tenant])
	if err != nil {
		return err
	}
	lost := map[domain.Tenant]int64{}
	for i, tenant := range tenants {
		lost[tenant] = terms[i]
	}
	for _, tenant := range renewed {
		delete(lost, tenant)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for tenant, term := range lost {
		if f := r.followers[tenant]; f.term == term && !f.serving {
			f.term, f.stopped = 0, nil
			r.log.Info("the lease was lost", zap.String("tenant", string(tenant)), zap.Int64("term", term))
		}
	}
	return nil
}

// By holder, not by what is remembered: a lease that was let go of after an error is still ours. Those of turns ($3) are not
// touched.
const releaseLeases = `
update projection_checkpoints
   set lease_holder = '',
       lease_until = '-infinity'
 where projection = $1 and lease_holder = $2 and not tenant_id = any($3)`

// release gives all leases back, so that another runner need not wait until they run out.
func (r *Runner) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.config.LeaseTTL)
	defer cancel()
	if err := r.leave(ctx); err != nil {
		r.log.Warn("the leases could not be given back; they run out by themselves", zap.Error(err))
	}
}

// leave gives all leases back but those of turns, which run out by themselves, and the place among those that share the tenants.
func (r *Runner) leave(ctx context.Context) error {
	serving := []domain.Tenant{}
	r.mu.Lock()
	for tenant, f := range r.followers {
		if f.serving {
			serving = append(serving, tenant)
			continue
		}
		f.term, f.stopped = 0, nil
	}
	r.mu.Unlock()
	batch := &pgx.Batch{}
	batch.Queue(releaseLeases, r.name, r.config.Holder, serving)
	batch.Queue(unregisterRunner, r.name, r.config.Holder)
	return r.pool.SendBatch(ctx, batch).Close()
}

func (r *Runner) reachable() bool { return r.sink == nil || r.sink.Reachable() }

// standAside leaves the tenants to other runners when the target can be reached no more, and takes its share again when it can.
// It must be called by whoever begins turns.
func (r *Runner) standAside(ctx context.Context) (err error) {
	aside := !r.reachable()
	switch {
	case aside == r.aside:
		return nil
	case aside:
		err = r.leave(ctx)
	default:
		err = r.register(ctx)
	}
	if err != nil {
		return fmt.Errorf("stand aside: %w", err)
	}
	r.aside = aside
	say := "the target can be reached again; this runner takes its share of the tenants"
	if aside {
		say = "the target cannot be reached; the tenants are left to other runners"
	}
	r.log.Info(say)
	return nil
}

// held lists the tenants whose leases are held, with their terms.
func (r *Runner) held() (tenants []domain.Tenant, terms []int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	tenants = []domain.Tenant{}
	for tenant, f := range r.followers {
		if f.term > 0 {
			tenants, terms = append(tenants, tenant), append(terms, f.term)
		}
	}
	return tenants, terms
}
