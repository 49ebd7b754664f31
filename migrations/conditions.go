package migrations

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"
)

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

// createExtension comes before the migrations, so that only what concerns the extension is taken for it.
func createExtension(ctx context.Context, db *sql.DB) error {
	_, err := db.ExecContext(ctx, "create extension if not exists btree_gin")
	return explainExtension(err)
}

func explainExtension(err error) error {
	if err == nil {
		return nil
	}
	switch sqlState(err) {
	case insufficientPrivilege:
		return fmt.Errorf("the role may not create the extension btree_gin: run `create extension btree_gin` in the database as an administrator: %w", err)
	case featureNotSupported, undefinedFile:
		return fmt.Errorf("the database server lacks the extension btree_gin: install the package postgresql-contrib there: %w", err)
	default:
		return fmt.Errorf("create the extension btree_gin: %w", err)
	}
}

func quote(name string) string {
	return pgx.Identifier{name}.Sanitize()
}
