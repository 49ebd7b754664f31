// Package lease holds the statements that acquire, renew and release the leases of projections, and that advance and stop
// their checkpoints under a lease. Package runner decides when.
package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
)

// ErrLost means that another holder leads the unit, or that its checkpoint is not where this holder left it.
var ErrLost = errors.New("the lease was lost")

// Key names a unit: a projection or a sink for one tenant.
type Key struct {
	Projection string
	Tenant     domain.Tenant
}

// Lease is the right to move one checkpoint, as far as its holder knows.
type Lease struct {
	Key
	// Term counts how often the lease was taken; 0 means that it is not held.
	Term int64
	// SequenceID is the checkpoint.
	SequenceID int64
	// Schema is the quoted schema of the generation that was live when the lease was taken; empty if there was none. The next
	// generation begins with a new term.
	Schema string
}

// Table executes the statements on projection_checkpoints and projectors for one holder. It has no state.
type Table struct {
	Pool *pgxpool.Pool
	// Holder is unique among all runners.
	Holder string
	// TTL is how long a lease lasts without a renewal.
	TTL time.Duration
}

// A tenant without a checkpoint belongs to the version of the live tables and of the other checkpoints: while programs of
// two versions run, only one of them can write the tables.
const acquireLease = `
  with live as (
       select quote_ident(schema_name) as path, projection_version
         from projection_generations
        where projection = $2 and state = 'live')
insert into projection_checkpoints as c (tenant_id, projection, projection_version, lease_holder, lease_term, lease_until)
select $1::varchar, $2::text, $3::int, $4, 1, clock_timestamp() + $5::interval
 where (exists (select from projection_checkpoints where tenant_id = $1 and projection = $2)
        or not exists (select from projection_checkpoints where projection = $2 and projection_version <> $3))
   and not exists (select from live where projection_version <> $3)
on conflict (tenant_id, projection) do update
   set lease_holder = excluded.lease_holder,
       lease_term = c.lease_term + 1,
       lease_until = clock_timestamp() + $5::interval
 where c.projection_version = excluded.projection_version
   and (c.lease_until <= clock_timestamp() or c.lease_holder = excluded.lease_holder)
returning lease_term, sequence_id, coalesce((select path from live), '')`

// Acquire tries to take a lease and reads the checkpoint; false if another runner holds it.
func (t Table) Acquire(ctx context.Context, l Lease, version int) (Lease, bool, error) {
	err := t.Pool.QueryRow(ctx, acquireLease, l.Tenant, l.Projection, version, t.Holder, t.TTL).
		Scan(&l.Term, &l.SequenceID, &l.Schema)
	if errors.Is(err, pgx.ErrNoRows) {
		return Lease{}, false, nil
	}
	if err != nil {
		return Lease{}, false, fmt.Errorf("acquire lease: %w", err)
	}
	return l, true, nil
}

// From then on the transaction finds the tables of the generation ($7) under their plain names, and the log.
const advanceCheckpoint = `
update projection_checkpoints
   set sequence_id = $5,
       updated_at = clock_timestamp(),
       lease_until = clock_timestamp() + $6::interval,
       stopped_at = null,
       stopped_reason = ''
 where tenant_id = $1 and projection = $2 and lease_term = $3 and sequence_id = $4
returning set_config('search_path', concat_ws(', ', nullif($7, ''), current_setting('search_path')), true)`

// Advance moves the checkpoint and renews the lease, or returns ErrLost. This condition keeps the rows correct: a runner
// that was suspended while another took its lease writes nothing.
func (t Table) Advance(ctx context.Context, tx pgx.Tx, l Lease, to int64) error {
	tag, err := tx.Exec(ctx, advanceCheckpoint, l.Tenant, l.Projection, l.Term, l.SequenceID, to, t.TTL, l.Schema)
	if err != nil {
		return fmt.Errorf("advance checkpoint: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrLost
	}
	return nil
}

const markStopped = `
update projection_checkpoints
   set stopped_at = $5,
       stopped_reason = $6
 where tenant_id = $1 and projection = $2 and lease_term = $3 and sequence_id = $4`

// MarkStopped records why the unit is stopped, and at which event; 0 if no event caused it.
func (t Table) MarkStopped(ctx context.Context, l Lease, at int64, reason string) error {
	tag, err := t.Pool.Exec(ctx, markStopped, l.Tenant, l.Projection, l.Term, l.SequenceID, at, reason)
	if err != nil {
		return fmt.Errorf("record the stop at event %d: %w", at, err)
	}
	if tag.RowsAffected() == 0 {
		return ErrLost
	}
	return nil
}

const clearTargetStop = `
update projection_checkpoints
   set stopped_at = null,
       stopped_reason = ''
 where tenant_id = $1 and projection = $2 and lease_term = $3 and stopped_at = 0`

// ClearTargetStop clears a stop that no event caused: a target may recover without a new event.
func (t Table) ClearTargetStop(ctx context.Context, l Lease) error {
	_, err := t.Pool.Exec(ctx, clearTargetStop, l.Tenant, l.Projection, l.Term)
	return err
}

// A locked row belongs to a batch, which renews its lease itself; waiting for it would endanger the other leases.
const renewLeases = `
  with held as (
       select * from unnest($1::text[], $2::text[], $3::bigint[]) as h (projection, tenant_id, lease_term)),
       locked as (
       select c.projection, c.tenant_id
         from held
         join projection_checkpoints as c using (projection, tenant_id, lease_term)
          for update of c skip locked),
       renewed as (
       update projection_checkpoints as c
          set lease_until = clock_timestamp() + $4::interval
         from locked
        where c.projection = locked.projection and c.tenant_id = locked.tenant_id
       returning c.projection, c.tenant_id)
select projection, tenant_id, lease_term
  from held
 where not exists (select from renewed as r where r.projection = held.projection and r.tenant_id = held.tenant_id)`

// Renew renews leases and returns those that it could not renew: a batch is at work, or they were lost.
func (t Table) Renew(ctx context.Context, held []Lease) ([]Lease, error) {
	projections, tenants, terms := Columns(held)
	rows, _ := t.Pool.Query(ctx, renewLeases, projections, tenants, terms, t.TTL) // CollectRows returns its error
	missing, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l Lease, err error) {
		return l, row.Scan(&l.Projection, &l.Tenant, &l.Term)
	})
	if err != nil {
		return nil, fmt.Errorf("renew leases: %w", err)
	}
	return missing, nil
}

const releaseLeases = `
update projection_checkpoints as c
   set lease_holder = '',
       lease_until = '-infinity'
  from unnest($1::text[], $2::text[], $3::bigint[]) as h (projection, tenant_id, term)
 where c.tenant_id = h.tenant_id and c.projection = h.projection and c.lease_term = h.term`

// Release releases leases.
func (t Table) Release(ctx context.Context, held []Lease) error {
	projections, tenants, terms := Columns(held)
	if _, err := t.Pool.Exec(ctx, releaseLeases, projections, tenants, terms); err != nil {
		return fmt.Errorf("release leases: %w", err)
	}
	return nil
}

// Columns returns the leases as the statements' array arguments.
func Columns(held []Lease) (projections, tenants []string, terms []int64) {
	projections, tenants = []string{}, []string{}
	for _, l := range held {
		projections, tenants, terms = append(projections, l.Projection), append(tenants, string(l.Tenant)), append(terms, l.Term)
	}
	return projections, tenants, terms
}

// By holder rather than by the leases that this runner remembers: one that it dropped after an error is still in its name.
const releaseAllLeases = `
update projection_checkpoints
   set lease_holder = '',
       lease_until = '-infinity'
 where projection = $1 and lease_holder = $2 and not tenant_id = any($3)`

// ReleaseAll releases all leases of a projection except those of some tenants, and removes this runner from its live holders.
func (t Table) ReleaseAll(ctx context.Context, projection string, except []domain.Tenant) error {
	batch := &pgx.Batch{}
	batch.Queue(releaseAllLeases, projection, t.Holder, except)
	batch.Queue(unregisterHolder, projection, t.Holder)
	if err := t.Pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("release leases: %w", err)
	}
	return nil
}

const unregisterHolder = `
delete from projectors
 where projection = $1 and holder = $2`
