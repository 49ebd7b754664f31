package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain"
)

// A tenant is due when its lease is to be had, when ours has events to apply, or when the lease is ours and we do not know of
// it ($5: of which we do), as after an acquiring that was given up but took place. One of another version is
// listed so that it can be reported; one without a checkpoint is of the version that others are of, see acquireLease. Those
// that are behind come first, and otherwise no two runners go for them in one order.
const readDue = `
select l.tenant_id,
       coalesce(c.projection_version,
                (select max(projection_version) from projection_checkpoints where projection = $1 and projection_version <> $3), $3),
       coalesce(c.lease_until <= clock_timestamp(), true), c.tenant_id is null,
       l.sequence_id
  from logs as l
  left join projection_checkpoints as c on c.tenant_id = l.tenant_id and c.projection = $1
  left join projection_checkpoints as b on b.tenant_id = l.tenant_id and b.projection = $2
 where c.tenant_id is null
    or c.projection_version <> $3
    or c.lease_until <= clock_timestamp()
    or c.lease_holder = $4
       and (c.sequence_id < case when $2 = '' then l.sequence_id else coalesce(b.sequence_id, 0) end
            or not c.tenant_id = any($5))
 order by coalesce(c.sequence_id, 0) >= l.sequence_id, random()`

// due lists the followers that should have a turn, in the order of readDue.
func (r *Runner) due(ctx context.Context) ([]*follower, error) {
	behind := ""
	if r.sink != nil {
		behind = r.sink.After()
	}
	held, _ := r.held()
	rows, err := r.pool.Query(ctx, readDue, r.name, behind, r.version, r.config.Holder, held)
	if err != nil {
		return nil, fmt.Errorf("read tenants: %w", err)
	}
	type candidate struct {
		Tenant  domain.Tenant
		Version int
		Free    bool
		New     bool
		Head    int64
	}
	candidates, err := pgx.CollectRows(rows, pgx.RowToStructByPos[candidate])
	if err != nil {
		return nil, fmt.Errorf("read tenants: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	room := r.room()
	var due []*follower
	for _, c := range candidates {
		f := r.follower(c.Tenant)
		if c.Free && !f.serving {
			// Ours ran out, or was taken by a rebuild: what we know of the checkpoint may be wrong.
			f.term, f.stopped = 0, nil
		}
		switch {
		case c.Version != r.version:
			r.reportVersion(f, c.Version)
		case f.serving || time.Now().Before(f.retryAt):
		case f.stopped != nil && f.stoppedHead == c.Head:
			// What would let it go on is an event of the log.
		case !c.Free:
			f.stoppedHead = c.Head
			due = append(due, f)
		case c.New || room > 0:
			// A new tenant does not wait until everybody has heard of it; it can be given back.
			due = append(due, f)
			room--
		}
	}
	return due, nil
}

// follower returns what is known about a tenant. Runner.mu must be held.
func (r *Runner) follower(tenant domain.Tenant) *follower {
	f := r.followers[tenant]
	if f == nil {
		f = &follower{tenant: tenant}
		r.followers[tenant] = f
	}
	return f
}

func (r *Runner) reportVersion(f *follower, version int) {
	if !f.warned {
		f.warned = true
		r.log.Error("the projection was made by another version of the program; rebuild it",
			tenantField(f.tenant), zap.Int("projection_version", version), zap.Int("expected", r.version))
	}
}
