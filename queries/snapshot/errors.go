package snapshot

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/auren-memory/auren/domain"
)

// errUnavailable says that nothing was read, because the database could not be reached in time.
var errUnavailable = &domain.Error{Kind: domain.Unavailable, Message: "the database cannot be reached; try again"}

// translate gives an error of the database the meaning it has for the caller: what PostgreSQL itself answered
// stays internal, unless it says that the server is going away or has too little of something, or that
// another transaction was in the way; a lost connection and a timeout may pass.
func translate(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || domain.KindOf(err) != domain.Internal {
		return err
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.Code[:2] {
		case "08", "40", "53", "57", "58": // connection, rollback, resources, operator intervention, system
			return errors.Join(errUnavailable, err)
		}
		return err
	}
	_, refused := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	if refused || network || pgconn.Timeout(err) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return errors.Join(errUnavailable, err)
	}
	return err
}
