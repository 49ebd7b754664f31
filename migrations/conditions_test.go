package migrations_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/migrations"
)

// strangerTo makes a role that may log in to the database of dsn and nothing else, and returns its DSN.
func strangerTo(t *testing.T, dsn string) (role, strangersDSN string) {
	t.Helper()
	role = freshName("stranger")
	admin := superuser(t, dsn)
	exec(t, admin, fmt.Sprintf("create role %s login", role))
	t.Cleanup(func() {
		require.NoError(t, execOnce(with(adminDSN(dsn), "dbname", "postgres"), "drop role "+role))
	})
	return role, with(dsn, "user", role)
}

func TestUpNamesTheGrantThatTheRoleLacks(t *testing.T) {
	t.Parallel()
	dsn := emptyDatabase(t)
	role, strangers := strangerTo(t, dsn)
	exec(t, superuser(t, dsn), "revoke create on schema public from public")

	err := migrations.Up(t.Context(), strangers)
	require.ErrorContains(t, err, fmt.Sprintf("run `grant create on schema \"public\" to \"%s\"`", role))
}

func TestUpRefusesAnEncodingThatCannotHoldEveryText(t *testing.T) {
	t.Parallel()
	dsn := emptyDatabase(t, "encoding 'SQL_ASCII' locale 'C' template template0")
	require.ErrorContains(t, migrations.Up(t.Context(), dsn), "is encoded in SQL_ASCII, this program needs UTF8")
}
