package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
)

// errLeaseLost says that another runner leads the unit, or that its checkpoint is not where this runner left it.
var errLeaseLost = errors.New("the lease was lost")

// key names a unit.
type key struct {
	projection string
	tenant     domain.Tenant
}

// lease is the right to move one checkpoint, as far as this runner knows.
type lease struct {
	key
	// term counts how often the lease was taken; 0: this runner does not hold it.
	term int64
	// sequenceID is the checkpoint.
	sequenceID int64
}

// leases executes the statements on projection_checkpoints and projectors. It decides nothing and keeps nothing.
type leases struct {
	pool   *pgxpool.Pool
	holder string
	ttl    time.Duration
}

// A tenant without a checkpoint belongs to the version of the other tenants' checkpoints: while programs of two versions run, only
// one of them can write the tables.
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

// acquire tries to take a lease and reads the checkpoint; false if another runner holds it.
func (s leases) acquire(ctx context.Context, l lease, version int) (lease, bool, error) {
	err := s.pool.QueryRow(ctx, acquireLease, l.tenant, l.projection, version, s.holder, s.ttl).Scan(&l.term, &l.sequenceID)
	if errors.Is(err, pgx.ErrNoRows) {
		return lease{}, false, nil
	}
	if err != nil {
		return lease{}, false, fmt.Errorf("acquire lease: %w", err)
	}
	return l, true, nil
}

const advanceCheckpoint = `
update projection_checkpoints
   set sequence_id = $5,
       updated_at = clock_timestamp(),
       lease_until = clock_timestamp() + $6::interval,
       stopped_at = null,
       stopped_reason = ''
 where tenant_id = $1 and projection = $2 and lease_term = $3 and sequence_id = $4`

// advance moves the checkpoint and renews the lease, or returns errLeaseLost. This condition keeps the rows right: a runner that
// was paused while another took its lease writes nothing.
func (s leases) advance(ctx context.Context, tx pgx.Tx, l lease, to int64) error {
	tag, err := tx.Exec(ctx, advanceCheckpoint, l.tenant, l.projection, l.term, l.sequenceID, to, s.ttl)
	if err != nil {
		return fmt.Errorf("advance checkpoint: %w", err)
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

// markStopped records why the unit is stopped, and at which event; 0 if no event caused it.
func (s leases) markStopped(ctx context.Context, l lease, at int64, reason string) error {
	tag, err := s.pool.Exec(ctx, markStopped, l.tenant, l.projection, l.term, l.sequenceID, at, reason)
	if err != nil {
		return fmt.Errorf("record the stop at event %d: %w", at, err)
	}
	if tag.RowsAffected() == 0 {
		return errLeaseLost
	}
	return nil
}

const clearTargetStop = `
update projection_checkpoints
   set stopped_at = null,
       stopped_reason = ''
 where tenant_id = $1 and projection = $2 and lease_term = $3 and stopped_at = 0`

// clearTargetStop clears a stop that no event caused. The checkpoint need not move for the target to be right again.
func (s leases) clearTargetStop(ctx context.Context, l lease) error {
	_, err := s.pool.Exec(ctx, clearTargetStop, l.tenant, l.projection, l.term)
	return err
}

// A locked row belongs to a batch, which renews its lease itself; waiting for it would endanger the other leases.
const renewLeases = `
  with held as (
       select c.tenant_id, c.projection
         from unnest($1::text[], $2::text[], $3::bigint[]) as h (projection, tenant_id, term)
         join projection_checkpoints as c
           on c.tenant_id = h.tenant_id and c.projection = h.projection and c.lease_term = h.term
          for update of c skip locked)
update projection_checkpoints as c
   set lease_until = clock_timestamp() + $4::interval
  from held
 where c.tenant_id = held.tenant_id and c.projection = held.projection
returning c.projection, c.tenant_id`

// renew renews leases and returns those that it did not find.
func (s leases) renew(ctx context.Context, held []lease) (missing []lease, err error) {
	projections, tenants, terms := columnsOf(held)
	rows, err := s.pool.Query(ctx, renewLeases, projections, tenants, terms, s.ttl)
	if err != nil {
		return nil, fmt.Errorf("renew leases: %w", err)
	}
	renewed := map[key]bool{}
	var k key
	_, err = pgx.ForEachRow(rows, []any{&k.projection, &k.tenant}, func() error {
		renewed[k] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("renew leases: %w", err)
	}
	for _, l := range held {
		if !renewed[l.key] {
			missing = append(missing, l)
		}
	}
	return missing, nil
}

const releaseLeases = `
update projection_checkpoints as c
   set lease_holder = '',
       lease_until = '-infinity'
  from unnest($1::text[], $2::text[], $3::bigint[]) as h (projection, tenant_id, term)
 where c.tenant_id = h.tenant_id and c.projection = h.projection and c.lease_term = h.term`

// release gives leases back.
func (s leases) release(ctx context.Context, held []lease) error {
	projections, tenants, terms := columnsOf(held)
	if _, err := s.pool.Exec(ctx, releaseLeases, projections, tenants, terms); err != nil {
		return fmt.Errorf("release leases: %w", err)
	}
	return nil
}

func columnsOf(held []lease) (projections, tenants []string, terms []int64) {
	projections, tenants = []string{}, []string{}
	for _, l := range held {
		projections, tenants, terms = append(projections, l.projection), append(tenants, string(l.tenant)), append(terms, l.term)
	}
	return projections, tenants, terms
}

// By holder rather than by what this runner remembers: a lease that was dropped after an error is still in its name.
const releaseAllLeases = `
update projection_checkpoints
   set lease_holder = '',
       lease_until = '-infinity'
 where projection = $1 and lease_holder = $2 and not tenant_id = any($3)`

// releaseAll gives back all leases of a projection but those of some tenants, and removes this runner from its live holders.
func (s leases) releaseAll(ctx context.Context, projection string, except []domain.Tenant) error {
	batch := &pgx.Batch{}
	batch.Queue(releaseAllLeases, projection, s.holder, except)
	batch.Queue(unregisterHolder, projection, s.holder)
	if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("release leases: %w", err)
	}
	return nil
}
