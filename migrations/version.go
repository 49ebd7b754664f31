package migrations

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
)

// migrationTable records which migrations have run.
const migrationTable = "schema_migrations"

//go:embed [0-9]*.sql
var files embed.FS

// VersionError says that the database and this program need different versions of the schema.
type VersionError struct {
	// Current is the version of the database; 0 means that it has no schema.
	Current int64
	// Latest is the version that this program needs.
	Latest int64
}

// Error says both versions and what to do.
func (e *VersionError) Error() string {
	if e.Current > e.Latest {
		return fmt.Sprintf("the database schema is at version %d, this program knows only %d: run a newer auren", e.Current, e.Latest)
	}
	return fmt.Sprintf("the database schema is at version %d, this program needs %d: run `auren init`", e.Current, e.Latest)
}

// querier is a connection, a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

const findMigrationTableSQL = `
select
    current_schema() is not null,
    count(*) > 0,
    coalesce(bool_or(attname = 'version_id'), false)
from pg_attribute
where attrelid = to_regclass(quote_ident(current_schema()) || '.` + migrationTable + `')
  and attnum > 0
  and not attisdropped`

const currentVersionSQL = `
select coalesce(max(version_id), 0)
from ` + migrationTable

// Version tells the version of the schema that the database is at, 0 where there is none, and the
// latest one, which this program needs. It only reads.
func Version(ctx context.Context, db querier) (current, latest int64, err error) {
	latest, err = latestVersion()
	if err != nil {
		return 0, 0, err
	}
	var schema, present, ours bool
	err = db.QueryRow(ctx, findMigrationTableSQL).Scan(&schema, &present, &ours)
	switch {
	case err != nil:
		return 0, 0, fmt.Errorf("find the schema's version: %w", err)
	case !schema:
		return 0, 0, errors.New("no schema of the connection's search_path exists, or the role may use none: create one, or set another search_path")
	case !present:
		return 0, latest, nil
	case !ours:
		return 0, 0, fmt.Errorf("the table %s belongs to another program: give auren a database or a schema of its own", migrationTable)
	}
	if err := db.QueryRow(ctx, currentVersionSQL).Scan(&current); err != nil {
		return 0, 0, fmt.Errorf("read the schema's version: %w", err)
	}
	return current, latest, nil
}

// CheckVersion returns a *VersionError unless the database is at exactly the version that this program
// needs. It only reads.
func CheckVersion(ctx context.Context, db querier) error {
	current, latest, err := Version(ctx, db)
	if err != nil {
		return err
	}
	if current != latest {
		return &VersionError{Current: current, Latest: latest}
	}
	return nil
}

func latestVersion() (int64, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return 0, fmt.Errorf("read the migrations: %w", err)
	}
	var latest int64
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return 0, fmt.Errorf("migration %s: %w", name, err)
		}
		latest = max(latest, version)
	}
	return latest, nil
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
