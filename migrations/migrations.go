// Package migrations brings a database to the schema that this program needs, tells how far one is,
// compares one with what the code expects, and takes the schema away again. Everything happens in the
// current schema of the connection, and only to the tables and functions named here.
package migrations

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
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

const conditionsSQL = `
select
    current_schema()::text,
    current_user::text,
    current_database()::text,
    current_setting('server_encoding'),
    has_schema_privilege(current_schema(), 'create')`

// checkConditions finds beforehand what would stop the migrations half-way with a less helpful error.
func checkConditions(ctx context.Context, tx pgx.Tx) error {
	var (
		schema, role, database, encoding string
		mayCreate                        bool
	)
	err := tx.QueryRow(ctx, conditionsSQL).Scan(&schema, &role, &database, &encoding, &mayCreate)
	if err != nil {
		return fmt.Errorf("check the database: %w", err)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database %s is encoded in %s, this program needs UTF8: drop it, if it is empty, and run `create database %s owner %s%s`",
			database, encoding, quote(database), quote(role), utf8)
	}
	if !mayCreate {
		return fmt.Errorf("the role %s may not create tables in the schema %s: run `grant create on schema %s to %s` as its owner",
			role, schema, quote(schema), quote(role))
	}
	return nil
}
