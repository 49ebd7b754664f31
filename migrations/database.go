package migrations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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

// utf8 are the options of a database whatever the encoding of its server's templates.
const utf8 = ` encoding 'UTF8' template template0`

// parseDSN hides what is wrong with a DSN: the parser's own error repeats parts of it, and a password
// that broke the parsing would be among them.
func parseDSN(dsn string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("the database DSN is malformed; it looks like postgres://user:password@host:5432/database")
	}
	return config, nil
}

// closeConn says goodbye to the server even when ctx has ended, but does not wait for a dead one.
func closeConn(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	// Everything to be kept has been committed.
	_ = conn.Close(ctx)
}

// The codes of PostgreSQL's errors that this package explains.
const (
	uniqueViolation       = "23505"
	dependentObjects      = "2BP01"
	invalidCatalogName    = "3D000"
	insufficientPrivilege = "42501"
	duplicateDatabase     = "42P04"
	duplicateTable        = "42P07"
)

// sqlState is the code of the server's error in err's chain, or nothing.
func sqlState(err error) string {
	if refusal, ok := errors.AsType[*pgconn.PgError](err); ok {
		return refusal.Code
	}
	return ""
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
