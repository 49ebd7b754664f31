package rebuild

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/zap"
)

// plan has one row: what is being built, and how it goes.
const plan = "plan"

const createPlan = `
create table ` + Schema + `.` + plan + ` (
    description text        not null,
    projections int         not null,
    began_at    timestamptz not null default clock_timestamp(),
    phase       text        not null default '',
    failure     text        not null default '',
    failures    int         not null default 0,
    failed_at   timestamptz
)`

const insertPlan = `insert into ` + Schema + `.` + plan + ` (description, projections) values ($1, $2)`

const (
	planExists      = `select to_regclass('` + Schema + `.` + plan + `') is not null`
	readDescription = `select description from ` + Schema + `.` + plan
)

// readPlan returns the description of what was begun earlier; empty where nothing is left.
func readPlan(ctx context.Context, q querier) (string, error) {
	var exists bool
	if err := q.QueryRow(ctx, planExists).Scan(&exists); err != nil {
		return "", fmt.Errorf("look for an earlier rebuild: %w", err)
	}
	if !exists {
		return "", nil
	}
	var description string
	err := q.QueryRow(ctx, readDescription).Scan(&description)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return "", fmt.Errorf("read what was begun earlier: %w", err)
	}
	return description, nil
}

// querier is a pool or a transaction.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// A log that was restored or begun anew is another table.
const describeLog = `select format('log %s of %s', c.oid, s.system_identifier) from pg_class as c, pg_control_system() as s where c.oid = $1::regclass`

const describeColumns = `
select concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text, a.attgenerated::text,
                 a.attstorage::text, a.attcompression::text, a.attcollation::regcollation, pg_get_expr(d.adbin, d.adrelid))
  from pg_attribute as a
  left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
 where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
 order by a.attnum`

const describeChecks = `
select pg_get_constraintdef(oid)
  from pg_constraint
 where conrelid = $1::regclass and contype not in ('p', 'u', 'x')
 order by conname`

// describe puts into words what decides whether copies can be gone on with: the purpose, the projections and their
// versions, the log, and the definitions of the live tables.
func (b *build) describe(ctx context.Context, q querier) (string, error) {
	var text strings.Builder
	fmt.Fprintln(&text, b.purpose, "in", b.live)
	for _, p := range b.rebuilt {
		fmt.Fprintln(&text, "projection", p.Name(), p.Version())
	}
	list := func(query string, args ...any) error {
		rows, err := q.Query(ctx, query, args...)
		if err != nil {
			return err
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, line := range lines {
			fmt.Fprintln(&text, " ", line)
		}
		return err
	}
	if err := list(describeLog, b.original("events")); err != nil {
		return "", fmt.Errorf("describe the log: %w", err)
	}
	for _, table := range b.tables {
		fmt.Fprintln(&text, "table", table)
		for _, query := range []string{describeColumns, describeChecks} {
			if err := list(query, b.original(table)); err != nil {
				return "", fmt.Errorf("describe %s: %w", table, err)
			}
		}
		for _, query := range []string{describeTable, describeIndexes} {
			statements, err := b.statements(ctx, q, query, table)
			if err != nil {
				return "", fmt.Errorf("describe %s: %w", table, err)
			}
			for _, statement := range statements {
				fmt.Fprintln(&text, " ", statement)
			}
		}
	}
	return text.String(), nil
}

// summary is the beginning of a description: the purpose and the projections, without the log, which is the first line that is
// indented, and the tables.
func summary(description string) string {
	head, _, _ := strings.Cut(description, "\n ")
	return strings.ReplaceAll(head, "\n", ", ")
}

const setPhase = `update ` + Schema + `.` + plan + ` set phase = $1, failure = ''`

func (b *build) recordPhase(ctx context.Context, phase Phase) error {
	if _, err := b.pool.Exec(ctx, setPhase, phase); err != nil {
		return fmt.Errorf("record the phase: %w", err)
	}
	return nil
}

const setFailure = `update ` + Schema + `.` + plan + ` set failure = $1, failures = failures + 1, failed_at = clock_timestamp()`

// recordFailure keeps for the status why a rebuild ended; that it was asked to end is no failure.
func (b *build) recordFailure(ctx context.Context, cause error) {
	if ctx.Err() != nil {
		return
	}
	if _, err := b.pool.Exec(ctx, setFailure, cause.Error()); err != nil {
		b.log.Warn("the failure of the rebuild could not be recorded", zap.Error(err))
	}
}
