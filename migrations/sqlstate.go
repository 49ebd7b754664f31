package migrations

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

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
	refusal, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return ""
	}
	return refusal.Code
}
