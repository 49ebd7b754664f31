package rebuild

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// checkpoints is copied, too: where the copies are is kept apart from where the live tables are.
const checkpoints = "projection_checkpoints"

func (b *build) createCopies(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error {
		schema := pgx.Identifier{Schema}.Sanitize()
		for _, statement := range []string{"drop schema if exists " + schema + " cascade", "create schema " + schema} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		for _, table := range append([]string{checkpoints}, b.tables...) {
			// Indexes and statistics would get other names this way; they are made from their definitions.
			_, err := tx.Exec(ctx, fmt.Sprintf("create table %s (like %s including all excluding indexes excluding statistics)",
				b.copyOf(table), b.original(table)))
			if err != nil {
				return err
			}
			if err := b.define(ctx, tx, describeTable, table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("create the schema %s: %w", Schema, err)
	}
	return nil
}

// createIndexes makes what is dearer to keep up to date than to make at the end.
func (b *build) createIndexes(ctx context.Context) error {
	for _, table := range b.tables {
		err := pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error { return b.define(ctx, tx, describeIndexes, table) })
		if err != nil {
			return fmt.Errorf("create the indexes of %s: %w", table, err)
		}
		if _, err := b.pool.Exec(ctx, "analyze "+b.copyOf(table)); err != nil {
			return fmt.Errorf("analyze %s: %w", table, err)
		}
	}
	return nil
}

// What "like" leaves out of the table itself: storage parameters, privileges and the constraints that are
// indexes. ($1: the live table, $2: its copy)
const describeTable = `
select 'alter table ' || $2 || ' set (' || array_to_string(reloptions, ', ') || ')'
  from pg_class
 where oid = $1::regclass and reloptions is not null
union all
select 'grant ' || g.privilege_type || ' on ' || $2 || ' to '
       || case g.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end
       || case when g.is_grantable then ' with grant option' else '' end
  from pg_class as c
 cross join aclexplode(c.relacl) as g
 where c.oid = $1::regclass and g.grantee <> c.relowner
union all
select 'alter table ' || $2 || ' add constraint ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid)
  from pg_constraint
 where conrelid = $1::regclass and contype in ('p', 'u', 'x')`

// The other indexes, under their own names, and the extended statistics.
const describeIndexes = `
select replace(pg_get_indexdef(i.indexrelid), format(' ON %I.%I ', n.nspname, c.relname), ' ON ' || $2 || ' ')
  from pg_index as i
  join pg_class as c on c.oid = i.indrelid
  join pg_namespace as n on n.oid = c.relnamespace
 where i.indrelid = $1::regclass
   and not exists (select from pg_constraint as o where o.conindid = i.indexrelid and o.contype in ('p', 'u', 'x'))
union all
select 'create statistics ' || quote_ident($3) || '.' || quote_ident(s.stxname) || ' ('
       || (select string_agg(case k when 'd' then 'ndistinct' when 'f' then 'dependencies' when 'm' then 'mcv' end, ', ')
             from unnest(s.stxkind) as k where k <> 'e')
       || ') on ' || pg_get_statisticsobjdef_columns(s.oid) || ' from ' || $2
  from pg_statistic_ext as s
 where s.stxrelid = $1::regclass`

// define runs the statements that a query describes.
func (b *build) define(ctx context.Context, tx pgx.Tx, query, table string) error {
	args := []any{b.original(table), b.copyOf(table)}
	if query == describeIndexes {
		args = append(args, Schema)
	}
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
