package migrations

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// CreateDatabase creates the database of dsn if the server has none of that name, and reports whether it did. To do
// so it connects to the database postgres of the same server as the same role. If the role may not create databases,
// the error names the statement to run. No error repeats the DSN.
func CreateDatabase(ctx context.Context, dsn string) (created bool, err error) {
	config, err := parseDSN(dsn)
	if err != nil {
		return false, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err == nil {
		closeConn(ctx, conn)
		return false, nil
	}
	if sqlState(err) != invalidCatalogName {
		return false, fmt.Errorf("create the database: %w", err)
	}
	// The server takes the role's name for a database that the DSN does not name.
	name := config.Database
	if name == "" {
		name = config.User
	}
	maintenance := config.Copy()
	maintenance.Database = "postgres"
	conn, err = pgx.ConnectConfig(ctx, maintenance)
	if err != nil {
		return false, fmt.Errorf("create the database %s: %w", name, err)
	}
	defer closeConn(ctx, conn)
	_, err = conn.Exec(ctx, "create database "+quote(name)+utf8)
	if err == nil {
		return true, nil
	}
	switch sqlState(err) {
	case duplicateDatabase, uniqueViolation:
		// Another process was faster; the unique index speaks when both were at it together.
		return false, nil
	case insufficientPrivilege:
		return false, fmt.Errorf("the role %s may not create databases: run `create database %s owner %s%s` as an administrator: %w",
			config.User, quote(name), quote(config.User), utf8, err)
	default:
		return false, fmt.Errorf("create the database %s: %w", name, err)
	}
}
