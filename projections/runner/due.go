package runner

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections/lease"
)

// Only the holders of one version share tenants: a holder of another version cannot lead any of them.
const readHolders = `
select p.projection, p.holder
  from projectors as p
  join unnest($1::text[], $2::int[]) as s (projection, projection_version) using (projection, projection_version)
 where p.seen_until > clock_timestamp()
 order by p.projection, p.holder`

// The states in which a unit can be due.
const (
	stateForeign = "foreign version" // a program of another version made the tables, or those of the other tenants
	stateFree    = "free"            // nobody holds the lease
	stateOurs    = "ours"            // this runner holds the lease and is behind, or it lost track of the lease
	stateStopped = "stopped"         // ours, and the checkpoint records a stop
)

// Leaves out units that another runner leads, and ours that are at the end of the log, unless the runner lost track of a
// lease ($5, $6: those it knows), as after an acquisition that was cancelled but committed. Units that are behind come first.
const readDue = `
  with s as materialized (
       select s.*, (select max(projection_version)
                      from projection_checkpoints
                     where projection = s.name and projection_version <> s.version) as foreign_version
         from unnest($1::text[], $2::text[], $3::int[]) as s (name, after, version))
select s.name, l.tenant_id, l.sequence_id, coalesce(c.projection_version, s.foreign_version, s.version),
       case
         when coalesce(c.projection_version, s.foreign_version, s.version) <> s.version then '` + stateForeign + `'
         when coalesce(c.lease_until, '-infinity') <= clock_timestamp() then '` + stateFree + `'
         when c.stopped_at is not null then '` + stateStopped + `'
         else '` + stateOurs + `'
       end
  from s
 cross join logs as l
  left join projection_checkpoints as c on c.tenant_id = l.tenant_id and c.projection = s.name
  left join projection_checkpoints as a on a.tenant_id = l.tenant_id and a.projection = s.after
  left join unnest($5::text[], $6::text[]) as held (projection, tenant_id)
    on held.tenant_id = l.tenant_id and held.projection = s.name
 where c.tenant_id is null
    or c.projection_version <> s.version
    or c.lease_until <= clock_timestamp()
    or c.lease_holder = $4
       and (held.tenant_id is null
            or c.sequence_id < case when s.after = '' then l.sequence_id else coalesce(a.sequence_id, 0) end)
 order by coalesce(c.sequence_id, 0) >= l.sequence_id`

// candidate is a row of readDue.
type candidate struct {
	Name    string
	Tenant  domain.Tenant
	Head    int64
	Version int
	State   string
}

// readCandidates reads the live holders of each subscription, and the units that may be due.
func (w *worker) readCandidates(ctx context.Context, all []*subscription, held []lease.Lease) (map[string][]string, []candidate, error) {
	var names, after []string
	var versions []int
	for _, s := range all {
		names, after, versions = append(names, s.name), append(after, s.after), append(versions, s.version)
	}
	heldProjections, heldTenants, _ := lease.Columns(held)
	holders := map[string][]string{}
	var candidates []candidate
	batch := &pgx.Batch{}
	batch.Queue(readHolders, names, versions).Query(func(rows pgx.Rows) error {
		var projection, holder string
		_, err := pgx.ForEachRow(rows, []any{&projection, &holder}, func() error {
			holders[projection] = append(holders[projection], holder)
			return nil
		})
		return err
	})
	batch.Queue(readDue, names, after, versions, w.config.Holder, heldProjections, heldTenants).Query(func(rows pgx.Rows) (err error) {
		candidates, err = pgx.CollectRows(rows, pgx.RowToStructByPos[candidate])
		return err
	})
	if err := w.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, nil, fmt.Errorf("read which units are due: %w", err)
	}
	return holders, candidates, nil
}

// decide reports whether a unit should have a turn. It drops a lease that expired or that a rebuild took: the runner's copy
// of the checkpoint may be wrong then.
func (us *units) decide(u *unit, c candidate, now time.Time) bool {
	us.mu.Lock()
	defer us.mu.Unlock()
	if u.inTurn {
		return false
	}
	if c.State == stateFree {
		u.dropLease()
	}
	if !u.owned || now.Before(u.retryAt) {
		return false
	}
	switch c.State {
	case stateStopped:
		// Only a new event, a skip, lets it go on. After a restart it is tried once more.
		if u.stopped != nil && u.stoppedHead == c.Head {
			return false
		}
	case stateFree, stateOurs:
	default:
		return false
	}
	u.stoppedHead = c.Head
	return true
}

// due returns the units that should have a turn, in the order of readDue.
func (w *worker) due(ctx context.Context, all []*subscription) ([]*unit, error) {
	if len(all) == 0 {
		return nil, nil
	}
	holders, candidates, err := w.readCandidates(ctx, all, w.units.held())
	if err != nil {
		return nil, err
	}
	byName := map[string]*subscription{}
	for _, s := range all {
		w.units.share(s, holders[s.name])
		byName[s.name] = s
	}
	if err := w.releaseExcess(ctx); err != nil {
		return nil, err
	}
	var due []*unit
	for _, c := range candidates {
		u := w.units.of(byName[c.Name], c.Tenant)
		if c.State == stateForeign && !u.reported {
			u.reported = true
			w.log(u.Key).Error("a program of another version made the tables of the projection; run `auren rebuild`",
				zap.Int("projection_version", c.Version), zap.Int("expected", u.version))
		}
		if w.units.decide(u, c, time.Now()) {
			due = append(due, u)
		}
	}
	return due, nil
}

// releaseExcess releases the leases of units that another holder should lead.
func (w *worker) releaseExcess(ctx context.Context) error {
	excess := w.units.dropExcess()
	if len(excess) == 0 {
		return nil
	}
	if err := w.leases.Release(ctx, excess); err != nil {
		return err // the leases expire by themselves
	}
	w.config.Log.Info("leases were released for other runners to take",
		zap.String("holder", w.config.Holder), zap.Int("leases", len(excess)))
	return nil
}
