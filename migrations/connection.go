package migrations

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

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
