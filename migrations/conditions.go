package migrations

import (
	"context"
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
