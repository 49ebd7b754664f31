package generation

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// CreateFirst creates the tables and views of each model that has no live generation. It is safe for concurrent use by any
// number of processes.
func CreateFirst[M Model](ctx context.Context, db Beginner, models []M) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "lock table projection_generations in share row exclusive mode"); err != nil {
			return fmt.Errorf("create the read models: %w", err)
		}
		for _, m := range models {
			if _, err := FindLive(ctx, tx, m.Name()); err == nil {
				continue
			} else if !errors.Is(err, ErrNone) {
				return err
			}
			g, err := Create(ctx, tx, m, Building)
			if err != nil {
				return err
			}
			if err := within(ctx, tx, g, Indexes(m)); err != nil {
				return err
			}
			if err := MakeLive(ctx, tx, g, m); err != nil {
				return err
			}
		}
		return nil
	})
}

const insert = `
  with next as (select nextval(pg_get_serial_sequence('projection_generations', 'generation')) as generation)
insert into projection_generations (generation, projection, projection_version, state, schema_name)
select generation, $1, $2, $3,
       format('%s_%s_g%s', case current_schema() when 'public' then 'auren' else current_schema() end, $1::text, generation)
  from next
returning generation, projection, projection_version, state, schema_name, created_at`

// Create creates a generation: its row, its schema and its tables without the indexes.
func Create(ctx context.Context, tx pgx.Tx, m Model, state State) (Generation, error) {
	rows, _ := tx.Query(ctx, insert, m.Name(), m.Version(), state) // CollectExactlyOneRow returns its error
	g, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Generation])
	if err != nil {
		return Generation{}, fmt.Errorf("create a generation of %s: %w", m.Name(), err)
	}
	if _, err := tx.Exec(ctx, "create schema "+pgx.Identifier{g.Schema}.Sanitize()); err != nil {
		return Generation{}, fmt.Errorf("create the schema %s: %w", g.Schema, err)
	}
	tables, _ := split(m)
	return g, within(ctx, tx, g, tables)
}

const copySettings = `insert into %[2]s select * from %[1]s`

// CopySettings gives a new generation the settings of another one, of the tables that both have.
func CopySettings(ctx context.Context, tx pgx.Tx, m Model, from, to Generation) error {
	configured, ok := m.(Configured)
	if !ok {
		return nil
	}
	for _, table := range configured.Settings() {
		var there bool
		err := tx.QueryRow(ctx, "select to_regclass($1) is not null", from.Table(table)).Scan(&there)
		if err == nil && there {
			_, err = tx.Exec(ctx, fmt.Sprintf(copySettings, from.Table(table), to.Table(table)))
		}
		if err != nil {
			return fmt.Errorf("copy the settings of %s: %w", from.Schema, err)
		}
	}
	return nil
}

// Indexes returns the statements that create the indexes of a model, in the order of its Schema.
func Indexes(m Model) []string {
	_, indexes := split(m)
	return indexes
}

// isIndex matches a statement that creates an index, after comments.
var isIndex = regexp.MustCompile(`^(--[^\n]*\n)*create index `)

func split(m Model) (tables, indexes []string) {
	for statement := range strings.SplitSeq(m.Schema(), ";\n") {
		switch statement = strings.TrimSpace(statement); {
		case statement == "":
		case isIndex.MatchString(statement):
			indexes = append(indexes, statement)
		default:
			tables = append(tables, statement)
		}
	}
	return tables, indexes
}

// within executes statements that use the plain names of a generation's tables.
func within(ctx context.Context, tx pgx.Tx, g Generation, statements []string) error {
	var path string
	err := tx.QueryRow(ctx, "select current_setting('search_path')").Scan(&path)
	for _, statement := range append([]string{"set local search_path = " + pgx.Identifier{g.Schema}.Sanitize()}, statements...) {
		if err == nil {
			_, err = tx.Exec(ctx, statement)
		}
	}
	if err == nil {
		_, err = tx.Exec(ctx, "select set_config('search_path', $1, true)", path)
	}
	if err != nil {
		return fmt.Errorf("create the tables of %s: %w", g.Schema, err)
	}
	return nil
}
