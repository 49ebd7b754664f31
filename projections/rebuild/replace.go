package rebuild

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/projections/generation"
)

// tenants returns Config.Tenants as an argument of statements; nil for all.
func (j *job) tenants() (names []string) {
	for _, t := range j.config.Tenants {
		names = append(names, string(t))
	}
	return names
}

// Locks the checkpoints of the tenants ($3), so that no runner moves them until the transaction ends; those that are missing are
// made, so that no runner makes them.
const (
	makeCheckpoints = `
insert into projection_checkpoints (tenant_id, projection, projection_version)
select tenant_id, $1, $2
  from unnest($3::text[]) as t (tenant_id)
 order by tenant_id
on conflict do nothing`

	lockCheckpointsOf = `
select
  from projection_checkpoints
 where projection = $1 and tenant_id = any($2)
 order by tenant_id
   for update`
)

// (%[1]s: the live table, %[2]s: the new one, %[3]s: the columns that are not generated; $1: the tenants)
const (
	deleteRows  = `delete from %[1]s where tenant_id = any($1)`
	copyRows    = `insert into %[1]s (%[3]s) select %[3]s from %[2]s where tenant_id = any($1)`
	nameColumns = `
select string_agg(quote_ident(attname), ', ')
  from pg_attribute
 where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`
)

// replaceIn replaces the rows of Config.Tenants in the live tables by those of the builds, which are retired. Readers see the ones or
// the others, as of any transaction. The projectors of these tenants wait meanwhile, those of others do not.
func (j *job) replaceIn(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, fmt.Sprintf(`
set local statement_timeout = 0;
set local idle_in_transaction_session_timeout = %d;
set local lock_timeout = %d`, maxIdle.Milliseconds(), runnersWait.Milliseconds()))
	if err != nil {
		return err
	}
	tenants := j.tenants()
	for _, b := range j.builds {
		if _, err := tx.Exec(ctx, makeCheckpoints, b.Projection, b.projection.Version(), tenants); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, lockCheckpointsOf, b.Projection, tenants); err != nil {
			return err
		}
	}
	if err := j.advance(ctx, ""); err != nil {
		return err
	}
	for _, b := range j.builds {
		live, err := generation.FindLive(ctx, tx, b.Projection)
		if err != nil {
			return err
		}
		for _, table := range b.projection.Tables() {
			if err := replaceRows(ctx, tx, live.Table(table), b.Table(table), tenants); err != nil {
				return fmt.Errorf("replace rows of %s: %w", live.Table(table), err)
			}
		}
		if err := b.moveCheckpoints(ctx, tx, tenants); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "update projection_generations set state = 'retired' where generation = $1", b.Number); err != nil {
			return err
		}
	}
	return nil
}

func replaceRows(ctx context.Context, tx pgx.Tx, live, made string, tenants []string) error {
	var columns string
	if err := tx.QueryRow(ctx, nameColumns, live).Scan(&columns); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(deleteRows, live), tenants); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, fmt.Sprintf(copyRows, live, made, columns), tenants)
	return err
}
