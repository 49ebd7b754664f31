// Package migrations brings a database to the schema that this program needs, tells how far one is,
// compares one with what the code expects, and takes the schema away again. Everything happens in the
// current schema of the connection, and only to the tables and functions named here.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// migrationTable records which migrations have run.
const migrationTable = "schema_migrations"

//go:embed [0-9]*.sql
var files embed.FS

// tables and functions are all that the migrations create, but for the migration table.
var (
	tables = []string{
		"logs", "events", "event_contents", "commands", "projection_generations", "projection_checkpoints", "projectors",
	}
	// Package projections/generation creates the read models: a table in the schema of the live generation and a view of it each.
	readModels = []string{"agent_memories", "agent_memory_history", "agent_memory_search", "agent_memory_search_scopes"}
	functions  = []string{"refuse_event_change"}
)

// Up brings the database of dsn to the latest version and does nothing where it is there already; each
// migration is a transaction of its own. Any number of processes may call it at once: one migrates, the
// others wait for it, or for ctx. A database that is newer than this program is a *VersionError. What
// the role or the server lacks is named in the error with the statement to run or the package to install.
func Up(ctx context.Context, dsn string) error {
	return change(ctx, dsn, "migrate", func(tx pgx.Tx, current, latest int64) error {
		if current == latest {
			return nil
		}
		if err := checkConditions(ctx, tx); err != nil {
			return err
		}
		db := stdlib.OpenDB(*tx.Conn().Config())
		defer db.Close()
		return apply(ctx, db)
	})
}

func apply(ctx context.Context, db *sql.DB) error {
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName(migrationTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	_, err = provider.Up(ctx)
	switch {
	case err == nil:
		return nil
	case sqlState(err) == duplicateTable:
		return fmt.Errorf("migrate: the database holds tables of other programs, one of which has a name that AUREN needs: name an empty database: %w", err)
	default:
		return fmt.Errorf("migrate: %w", err)
	}
}

// change calls do with the versions of the schema, in a transaction that keeps every other change out. A schema that is newer
// than this program is a *VersionError.
func change(ctx context.Context, dsn, what string, do func(tx pgx.Tx, current, latest int64) error) error {
	config, err := parseDSN(dsn)
	if err != nil {
		return err
	}
	// Transactions idle between two statements of a migration, and one while goose works on a connection of its own.
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
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
		return do(tx, current, latest)
	})
}

// lockKey is the advisory lock of everything that changes the schema; it spells "auren".
const lockKey = 0x617572656e

// locked calls do in a transaction that keeps every other Up and Reset out of the database. It polls for the lock, because a
// statement that waits for it is ended by the statement_timeout or lock_timeout of the database.
func locked(ctx context.Context, conn *pgx.Conn, do func(tx pgx.Tx) error) error {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		var mine bool
		// A transaction of another isolation would keep its snapshot.
		err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
			if err := tx.QueryRow(ctx, "select pg_try_advisory_xact_lock($1)", int64(lockKey)).Scan(&mine); err != nil {
				return fmt.Errorf("lock the schema: %w", err)
			}
			if !mine {
				return nil
			}
			return do(tx)
		})
		if mine || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for another process that is changing the schema: %w", ctx.Err())
		case <-again.C:
		}
	}
}
