package migrations

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Reset drops, in one transaction, what Up created and the read models of every generation, with all that is in
// it. Nothing else in the schema is touched: a view or a foreign key of somebody else's that needs one
// of our tables is an error that names it, and then nothing is dropped. Where the migration table is
// missing nothing is ours, and Reset does nothing. A schema newer than this program is a *VersionError.
func Reset(ctx context.Context, dsn string) error {
	return change(ctx, dsn, "reset", func(tx pgx.Tx, current, _ int64) error { return drop(ctx, tx, current) })
}

func drop(ctx context.Context, tx pgx.Tx, version int64) error {
	statements := []string{"drop table if exists " + migrationTable}
	// A first migration that failed left nothing, so tables of these names are somebody else's.
	if version > 0 {
		schemas, err := generations(ctx, tx)
		if err != nil {
			return fmt.Errorf("reset: %w", err)
		}
		statements = append(statements, "drop view if exists "+strings.Join(readModels, ", "))
		for _, schema := range schemas {
			statements = append(statements, "drop schema if exists "+quote(schema)+" cascade")
		}
		statements = append(statements,
			"drop table if exists "+strings.Join(tables, ", "),
			"drop function if exists "+strings.Join(functions, ", "))
	}
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return explainDrop(err)
		}
	}
	return nil
}

// generations lists the schemas of all read models.
func generations(ctx context.Context, tx pgx.Tx) ([]string, error) {
	var have bool
	if err := tx.QueryRow(ctx, haveGenerations).Scan(&have); err != nil || !have {
		return nil, err
	}
	rows, _ := tx.Query(ctx, "select schema_name from projection_generations") // CollectRows returns the error
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func explainDrop(err error) error {
	if refusal, ok := errors.AsType[*pgconn.PgError](err); ok && refusal.Code == dependentObjects {
		return fmt.Errorf("reset: drop what depends on our tables first: %s: %w", refusal.Detail, err)
	}
	return fmt.Errorf("reset: %w", err)
}
