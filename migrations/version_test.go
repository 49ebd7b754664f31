package migrations_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/migrations"
)

func TestCheckVersionSaysWhatToRun(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.DSN(t))
	require.NoError(t, migrations.CheckVersion(t.Context(), conn))
	_, latest, err := migrations.Version(t.Context(), conn)
	require.NoError(t, err)

	exec(t, conn, "insert into schema_migrations (version_id, is_applied) values ($1, true)", latest+1)
	require.EqualError(t, migrations.CheckVersion(t.Context(), conn),
		fmt.Sprintf("the database schema is at version %d, this program knows only %d: run a newer auren", latest+1, latest))

	empty := connect(t, emptyDatabase(t))
	require.EqualError(t, migrations.CheckVersion(t.Context(), empty),
		fmt.Sprintf("the database schema is at version 0, this program needs %d: run `auren init`", latest))
	require.Zero(t, count(t, empty, "select count(*) from pg_tables where schemaname = 'public'"))
}
