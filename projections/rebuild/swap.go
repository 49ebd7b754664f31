package rebuild

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/projections"
)

const (
	// lockWait is how long is waited for projectors before way is made for those behind us.
	lockWait = 2 * time.Second
	// readersWait is how long is waited for the readers of one table. A reader that has one table and waits for another may
	// wait for us while we wait for it: all tables together must take less than the second after which PostgreSQL looks for
	// a deadlock, and may end the reader.
	readersWait = 150 * time.Millisecond

	dependentObjects = "2BP01"
)

// errTablesChanged says that somebody altered the live tables while copies were made of them.
var errTablesChanged = errors.New("the definitions of the live tables have changed meanwhile")

// swap puts the copies in the place of the live tables, in the transaction of the lock.
func (b *build) swap(ctx context.Context, l *lock) error {
	if err := b.begin(ctx, Swapping, 0, 0); err != nil {
		return err
	}
	return b.whenFree(ctx, func() error {
		// A savepoint: what fails for want of a lock must not cost the lock on rebuilds.
		err := l.use(func(tx pgx.Tx) error {
			return pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return b.swapOnce(ctx, tx) })
		})
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == dependentObjects {
			return fmt.Errorf("swap: %w: %s", err, pg.Detail)
		}
		if err != nil {
			return fmt.Errorf("swap: %w", err)
		}
		return nil
	})
}

// whenFree does again what fails for want of a lock, a bounded number of times, and pauses in between: a reader has minutes.
func (b *build) whenFree(ctx context.Context, do func() error) error {
	for attempt := 1; ; attempt++ {
		err := do()
		if !isLockTimeout(err) || attempt == b.config.attempts {
			return err
		}
		b.log.Info("the tables are in use; trying again", zap.Int("attempt", attempt))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(b.config.pause):
		}
		// The live projector went on meanwhile.
		if err := b.catchUp(ctx); err != nil {
			return err
		}
	}
}

// holdCheckpoints keeps every projector from moving a checkpoint or beginning one until the transaction ends, so the
// live tables stand still. The transaction must be one that the server ends after longestIdle.
func (b *build) holdCheckpoints(ctx context.Context, tx pgx.Tx) error {
	if err := setLockTimeout(ctx, tx, lockWait); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "lock table "+b.original(checkpoints)+" in share row exclusive mode")
	return err
}

func (b *build) swapOnce(ctx context.Context, tx pgx.Tx) error {
	now, err := b.describe(ctx, tx)
	if err != nil {
		return err
	}
	if now != b.plan {
		return errTablesChanged
	}
	if err := b.endVacuum(ctx, tx); err != nil {
		return err
	}
	if err := b.holdCheckpoints(ctx, tx); err != nil {
		return err
	}
	if err := b.catchUp(ctx); err != nil {
		return err
	}
	if err := b.shutOutReaders(ctx, tx); err != nil {
		return err
	}
	if err := b.refuseStrangers(ctx, tx); err != nil {
		return err
	}
	for _, table := range b.tables {
		if err := b.replace(ctx, tx, table); err != nil {
			return err
		}
	}
	if err := b.takeCheckpoints(ctx, tx); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "drop schema "+pgx.Identifier{Schema}.Sanitize()+" cascade")
	return err
}

const readDeadlockTimeout = `select setting::bigint from pg_settings where name = 'deadlock_timeout'`

// endVacuum ends what autovacuum does with the tables, the checkpoints and their copies, which are new to it, and keeps it away
// until the transaction ends: this lock is the one that vacuum takes, and lets everybody read and write. PostgreSQL ends an autovacuum
// for whoever has waited for it as long as for a deadlock; the locks of the swap are not waited for as long.
func (b *build) endVacuum(ctx context.Context, tx pgx.Tx) error {
	var milliseconds int64
	if err := tx.QueryRow(ctx, readDeadlockTimeout).Scan(&milliseconds); err != nil {
		return err
	}
	if err := setLockTimeout(ctx, tx, lockWait+time.Duration(milliseconds)*time.Millisecond); err != nil {
		return err
	}
	for _, table := range append(slices.Clone(b.tables), checkpoints) {
		statement := fmt.Sprintf("lock table %s, %s in share update exclusive mode", b.original(table), b.copyOf(table))
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// shutOutReaders waits for the readers that are there and keeps new ones waiting. Readers that take one statement see the
// tables and their checkpoints as they were before the swap or as they are after it; those that take more lock the tables
// in this order, too.
func (b *build) shutOutReaders(ctx context.Context, tx pgx.Tx) error {
	if err := setLockTimeout(ctx, tx, readersWait); err != nil {
		return err
	}
	tables := slices.Clone(b.tables)
	slices.SortFunc(tables, func(x, y string) int { return cmp.Compare(y, x) })
	for _, table := range tables {
		if _, err := tx.Exec(ctx, "lock table "+b.original(table)+" in access exclusive mode"); err != nil {
			return err
		}
	}
	return nil
}

const readStatistics = `
select stxname::text
  from pg_statistic_ext
 where stxrelid = $1::regclass and stxnamespace <> to_regnamespace($2)`

// replace drops a live table and moves its copy to its place. Indexes and constraints move with their table,
// statistics do not.
func (b *build) replace(ctx context.Context, tx pgx.Tx, table string) error {
	live := pgx.Identifier{b.live}.Sanitize()
	for _, statement := range []string{
		"drop table " + b.original(table),
		"alter table " + b.copyOf(table) + " set schema " + live,
	} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	rows, err := tx.Query(ctx, readStatistics, b.original(table), live)
	if err != nil {
		return err
	}
	statistics, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range statistics {
		if _, err := tx.Exec(ctx, "alter statistics "+b.copyOf(name)+" set schema "+live); err != nil {
			return err
		}
	}
	return nil
}

// The new term fences off whoever leads, and the free lease lets it lead again at once.
const setCheckpoints = `
insert into %[1]s as live (tenant_id, projection, projection_version, sequence_id)
select tenant_id, projection, projection_version, sequence_id
  from %[2]s
on conflict (tenant_id, projection) do update
   set projection_version = excluded.projection_version,
       sequence_id = excluded.sequence_id,
       updated_at = clock_timestamp(),
       lease_holder = '',
       lease_term = live.lease_term + 1,
       lease_until = '-infinity',
       stopped_at = null,
       stopped_reason = ''
returning pg_notify('` + projections.Channel + `', tenant_id || '/' || projection || ' ' || sequence_id)`

// A tenant whose log is empty has a checkpoint of the live projector, perhaps, and none of the copies. It would be of the
// old version for ever. It is not deleted: the next term would be one that somebody had before.
// (%[1]s: the live checkpoints, %[2]s: those of the copies; $1: the projection, $2: its version)
const setOtherCheckpoints = `
update %[1]s as live
   set projection_version = $2,
       sequence_id = 0,
       updated_at = clock_timestamp(),
       lease_holder = '',
       lease_term = live.lease_term + 1,
       lease_until = '-infinity',
       stopped_at = null,
       stopped_reason = ''
 where live.projection = $1
   and not exists (select from %[2]s as c where c.tenant_id = live.tenant_id and c.projection = live.projection)`

// takeCheckpoints sets the live checkpoints to where the copies are, which is 0 where they hold nothing of a tenant.
func (b *build) takeCheckpoints(ctx context.Context, tx pgx.Tx) error {
	// A runner leaves tenants of another version alone, without an error.
	if err := b.checkMixed(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(setCheckpoints, b.original(checkpoints), b.copyOf(checkpoints))); err != nil {
		return err
	}
	others := fmt.Sprintf(setOtherCheckpoints, b.original(checkpoints), b.copyOf(checkpoints))
	for _, p := range b.rebuilt {
		if _, err := tx.Exec(ctx, others, p.Name(), p.Version()); err != nil {
			return err
		}
	}
	return nil
}
