package migrations_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/migrations"
)

func TestVersionOfAnEmptyDatabaseIsZero(t *testing.T) {
	t.Parallel()
	conn := connect(t, emptyDatabase(t))
	current, latest, err := migrations.Version(t.Context(), conn)
	require.NoError(t, err)
	require.EqualValues(t, 0, current)
	require.Positive(t, latest)
	require.EqualValues(t, 0, count(t, conn, "select count(*) from pg_tables where schemaname = 'public'"))
}

func TestCheckVersionSaysWhatToRun(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.DSN(t))
	require.NoError(t, migrations.CheckVersion(t.Context(), conn))
	_, latest, err := migrations.Version(t.Context(), conn)
	require.NoError(t, err)

	exec(t, conn, "insert into schema_migrations (version_id, is_applied) values ($1, true)", latest+1)
	require.EqualError(t, migrations.CheckVersion(t.Context(), conn),
		fmt.Sprintf("the database schema is at version %d, this program knows only %d: run a newer auren", latest+1, latest))

	require.EqualError(t, migrations.CheckVersion(t.Context(), connect(t, emptyDatabase(t))),
		fmt.Sprintf("the database schema is at version 0, this program needs %d: run `auren init`", latest))
}
