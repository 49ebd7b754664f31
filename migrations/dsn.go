package migrations

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

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
