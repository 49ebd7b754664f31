package migrations

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// rebuildSchema holds the read models that a rebuild has not swapped in yet.
const rebuildSchema = "auren_rebuild"

// Reset drops, in one transaction, what Up created and what a rebuild left behind, with all that is in
// it. Nothing else in the schema is touched: a view or a foreign key of somebody else's that needs one
// of our tables is an error that names it, and then nothing is dropped. Where the migration table is
// missing nothing is ours, and Reset does nothing. A schema newer than this program is a *VersionError.
func Reset(ctx context.Context, dsn string) error {
	config, err := parseDSN(dsn)
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("reset: %w", err)
	}
	defer closeConn(ctx, conn)
	return locked(ctx, conn, func(tx pgx.Tx) error {
		current, latest, err := Version(ctx, tx)
		if err != nil {
			return err
		}
		if current > latest {
			return &VersionError{Current: current, Latest: latest}
		}
		return drop(ctx, tx, current)
	})
}

func drop(ctx context.Context, tx pgx.Tx, version int64) error {
	statements := []string{"drop table if exists " + migrationTable}
	// A first migration that failed left nothing, so tables of these names are somebody else's.
	if version > 0 {
		statements = append(statements,
			"drop table if exists "+strings.Join(tables, ", "),
			"drop function if exists "+strings.Join(functions, ", "),
			"drop schema if exists "+rebuildSchema+" cascade")
	}
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return explainDrop(err)
		}
	}
	return nil
}

func explainDrop(err error) error {
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	if ok && refusal.Code == dependentObjects {
		return fmt.Errorf("reset: drop what depends on our tables first: %s: %w", refusal.Detail, err)
	}
	return fmt.Errorf("reset: %w", err)
}
