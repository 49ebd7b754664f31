package rebuild

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// checkpoints is copied, too: where the copies are is kept apart from where the live tables are.
const checkpoints = "projection_checkpoints"

// ofRunners are the tables, beside those of a projection, that its runner writes.
func ofRunners() []string { return []string{checkpoints, "projectors"} }

// ofLogs are the tables that a runner and a projection only read.
func ofLogs() []string { return []string{"events", "event_contents", "logs"} }

// createCopies makes empty copies, and records what they are for.
func (b *build) createCopies(ctx context.Context) error {
	err := pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error {
		schema := pgx.Identifier{Schema}.Sanitize()
		for _, statement := range []string{"drop schema if exists " + schema + " cascade", "create schema " + schema, createPlan} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
		for _, table := range append(ofRunners(), b.tables...) {
			if err := b.createCopy(ctx, tx, table); err != nil {
				return err
			}
		}
		for _, table := range ofLogs() {
			if _, err := tx.Exec(ctx, fmt.Sprintf("create view %s as select * from %s", b.copyOf(table), b.original(table))); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, insertPlan, b.plan, len(b.rebuilt))
		return err
	})
	if err != nil {
		return fmt.Errorf("create the schema %s: %w", Schema, err)
	}
	return nil
}

func (b *build) createCopy(ctx context.Context, tx pgx.Tx, table string) error {
	// Indexes and statistics would get other names this way; they are made from their definitions.
	_, err := tx.Exec(ctx, fmt.Sprintf("create table %s (like %s including all excluding indexes excluding statistics)",
		b.copyOf(table), b.original(table)))
	if err != nil {
		return err
	}
	statements, err := b.statements(ctx, tx, describeTable, table)
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

// What "like" leaves out of the table itself: storage parameters, privileges, the constraints that are indexes, and the
// extended statistics. ($1: the live table, $2: its copy, $3: the schema of the copies)
const describeTable = `
select 'alter table ' || $2 || ' set (' || array_to_string(reloptions, ', ') || ')' as statement
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
select 'grant ' || g.privilege_type || ' (' || quote_ident(a.attname) || ') on ' || $2 || ' to '
       || case g.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(g.grantee)) end
       || case when g.is_grantable then ' with grant option' else '' end
  from pg_attribute as a
 cross join aclexplode(a.attacl) as g
 where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
union all
select 'alter table ' || $2 || ' add constraint ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid)
  from pg_constraint
 where conrelid = $1::regclass and contype in ('p', 'u', 'x')
union all
select 'create statistics ' || quote_ident($3) || '.' || quote_ident(s.stxname) || ' ('
       || (select string_agg(case k when 'd' then 'ndistinct' when 'f' then 'dependencies' when 'm' then 'mcv' end, ', ')
             from unnest(s.stxkind) as k where k <> 'e')
       || ') on ' || pg_get_statisticsobjdef_columns(s.oid) || ' from ' || $2
  from pg_statistic_ext as s
 where s.stxrelid = $1::regclass
 order by statement`

// statements lists what a query describes.
func (b *build) statements(ctx context.Context, q querier, query, table string) ([]string, error) {
	rows, err := q.Query(ctx, query, b.original(table), b.copyOf(table), Schema)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (b *build) original(name string) string { return pgx.Identifier{b.live, name}.Sanitize() }

func (b *build) copyOf(name string) string { return pgx.Identifier{Schema, name}.Sanitize() }
