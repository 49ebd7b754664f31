package rebuild

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/projections"
)

const (
	// lockWait is how long the swap waits for readers before it makes way for those behind it.
	lockWait = "2s"
	// attempts is how often the swap is tried.
	attempts = 60

	lockNotAvailable = "55P03"
)

// swap puts the copies in the place of the live tables, in the given transaction.
func (b *build) swap(ctx context.Context, tx pgx.Tx) error {
	for attempt := 1; ; attempt++ {
		// A savepoint: what fails for want of a lock must not cost the lock on rebuilds.
		err := pgx.BeginFunc(ctx, tx, func(tx pgx.Tx) error { return b.swapOnce(ctx, tx) })
		if err == nil {
			return nil
		}
		pg, ok := errors.AsType[*pgconn.PgError](err)
		if !ok || pg.Code != lockNotAvailable || attempt == attempts {
			return fmt.Errorf("swap: %w", err)
		}
		b.log.Info("the tables are in use; trying to swap again", zap.Int("attempt", attempt))
		// The live projector went on meanwhile.
		if err := b.catchUp(ctx); err != nil {
			return err
		}
	}
}

func (b *build) swapOnce(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, "set local lock_timeout = '"+lockWait+"'"); err != nil {
		return err
	}
	// From here on no projector can move a checkpoint or begin one, so the live tables stand still.
	if _, err := tx.Exec(ctx, "lock table "+b.original(checkpoints)+" in share row exclusive mode"); err != nil {
		return err
	}
	if err := b.catchUp(ctx); err != nil {
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
	_, err := tx.Exec(ctx, "drop schema "+pgx.Identifier{Schema}.Sanitize()+" cascade")
	return err
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

func (b *build) takeCheckpoints(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, fmt.Sprintf(setCheckpoints, b.original(checkpoints), b.copyOf(checkpoints)))
	return err
}

func (b *build) original(name string) string { return pgx.Identifier{b.live, name}.Sanitize() }

func (b *build) copyOf(name string) string { return pgx.Identifier{Schema, name}.Sanitize() }
