package eventstore

import (
	"context"
	"errors"
	"io"
	"net"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/auren-memory/auren/domain"
)

// Errors of reading and appending.
var (
	// ErrUnavailable says that nothing was written or read, because the database could not be reached in time.
	ErrUnavailable = &domain.Error{Kind: domain.Unavailable, Message: "the database cannot be reached; try again"}
	// ErrOverloaded says that nothing was written, because too many commands wait already.
	ErrOverloaded = &domain.Error{Kind: domain.Unavailable, Message: "too many commands are waiting; try again"}
	// ErrOutcomeUnknown says that the connection was lost during a commit, which may or may not have taken place. A command that had
	// an id can be repeated; for one that had none, the caller must look.
	ErrOutcomeUnknown = &domain.Error{Kind: domain.Unavailable,
		Message: "the database was lost while the command was being committed; repeat it with the same command id"}
	// ErrImported says that nothing was written, because a stream was made from the same imported record meanwhile.
	ErrImported = &domain.Error{Kind: domain.Conflict, Message: "another memory was made from the same record"}
	// ErrReused says that nothing was written, because the command id came before with another body.
	ErrReused = &domain.Error{Kind: domain.Reused, Field: "command_id",
		Message: "was used before for another command; a new command needs a new id"}
)

// Translate gives an error of the database the meaning it has for the caller: a lost connection and a server that is shutting
// down are ErrUnavailable, everything else stays what it is.
func Translate(err error) error {
	// An unknown outcome holds the error of the lost connection, too, and must not become one after which nothing is written.
	if err == nil || errors.Is(err, ErrUnavailable) || errors.Is(err, ErrOutcomeUnknown) || !IsUnavailable(err) {
		return err
	}
	return errors.Join(ErrUnavailable, err)
}

// IsUnavailable tells whether an error is that of a lost connection, a timeout or a server that is shutting down.
func IsUnavailable(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.Code[:2] {
		case "08", "53", "57", "58": // connection, resources, operator intervention, system error
			return true
		}
		return pg.Code == "25P03" // the transaction was ended for being idle
	}
	if errors.Is(err, context.Canceled) {
		return false
	}
	_, network := errors.AsType[net.Error](err)
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	return network || connecting || pgconn.Timeout(err) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		// The connection was closed before anything was sent.
		pgconn.SafeToRetry(err)
}

// ReadError gives an error of a statement that only reads the meaning it has for the caller: ErrUnavailable after a lost
// connection, a timeout, or another transaction in the way, for reading again may succeed; the context's own error where the
// caller went away; otherwise what it is.
func ReadError(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code[:2] == "40" { // transaction rollback
		return errors.Join(ErrUnavailable, err)
	}
	return Translate(err)
}
