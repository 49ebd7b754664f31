package migrations_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/generation"
	"github.com/auren-memory/auren/projections/search"
)

func TestUpAppliesEachMigrationOnceHoweverManyAreAtIt(t *testing.T) {
	t.Parallel()
	dsn := emptyDatabase(t)
	group, ctx := errgroup.WithContext(t.Context())
	for range 8 {
		group.Go(func() error { return migrations.Up(ctx, dsn) })
	}
	require.NoError(t, group.Wait())
	require.NoError(t, migrations.Up(t.Context(), dsn))
	requireUpOnce(t, connect(t, dsn))
}

func requireUpOnce(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	current, latest, err := migrations.Version(t.Context(), conn)
	require.NoError(t, err)
	require.Equal(t, latest, current)
	rows, err := conn.Query(t.Context(), "select version_id from schema_migrations order by id")
	require.NoError(t, err)
	applied, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(t, err)
	for i, version := range applied {
		require.EqualValues(t, i, version)
	}
	requireAsExpected(t, conn)
}

func TestUpWaitsForAnotherSchemaChangeUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	dsn := emptyDatabase(t)
	holder := connect(t, dsn)
	exec(t, holder, "select pg_advisory_lock($1)", int64(0x617572656e))

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, migrations.Up(ctx, dsn), context.DeadlineExceeded)

	exec(t, holder, "select pg_advisory_unlock($1)", int64(0x617572656e))
	require.NoError(t, migrations.Up(t.Context(), dsn))
}

func TestUpWorksInTheCurrentSchemaAlone(t *testing.T) {
	t.Parallel()
	dsn := emptyDatabase(t)
	conn := connect(t, dsn)
	exec(t, conn, `create schema "Second-one"`)
	second := with(dsn, "search_path", `"Second-one"`)

	require.NoError(t, migrations.Up(t.Context(), second))

	requireUpOnce(t, connect(t, second))
	require.EqualValues(t, 0, count(t, conn, "select count(*) from pg_tables where schemaname = 'public'"))

	require.NoError(t, migrations.Up(t.Context(), dsn))
	requireUpOnce(t, conn)
	require.NoError(t, migrations.Reset(t.Context(), second))
	requireUpOnce(t, conn)
}

func TestANewerSchemaIsAVersionError(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	conn := connect(t, dsn)
	exec(t, conn, "insert into schema_migrations (version_id, is_applied) values (9000, true)")
	for _, change := range []func(context.Context, string) error{migrations.Up, migrations.Reset} {
		var versions *migrations.VersionError
		require.ErrorAs(t, change(t.Context(), dsn), &versions)
		require.EqualValues(t, 9000, versions.Current)
	}
	require.Zero(t, count(t, conn, "select count(*) from events"))
}

func TestUpWithoutASchemaSaysSo(t *testing.T) {
	t.Parallel()
	err := migrations.Up(t.Context(), with(emptyDatabase(t), "search_path", "nowhere"))
	require.ErrorContains(t, err, "no schema of the connection's search_path exists")
}

func TestUpLeavesAForeignMigrationTableAlone(t *testing.T) {
	t.Parallel()
	dsn := emptyDatabase(t)
	conn := connect(t, dsn)
	exec(t, superuser(t, dsn), "create table public.schema_migrations (version bigint, dirty boolean)")

	require.ErrorContains(t, migrations.Up(t.Context(), dsn), "belongs to another program")
	require.ErrorContains(t, migrations.Reset(t.Context(), dsn), "belongs to another program")
	require.EqualValues(t, 1, count(t, conn, "select count(*) from pg_tables where schemaname = 'public'"))
}

func count(t *testing.T, conn *pgx.Conn, sql string) (n int64) {
	t.Helper()
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&n))
	return n
}

func TestUpUnderTheSettingsOfADatabase(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{
		"default_transaction_isolation = 'repeatable read'",
		"default_transaction_isolation = 'serializable'",
		"idle_in_transaction_session_timeout = '1ms'",
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			dsn := emptyDatabase(t)
			config, err := pgx.ParseConfig(dsn)
			require.NoError(t, err)
			exec(t, superuser(t, dsn), "alter database "+config.Database+" set "+setting)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			require.NoError(t, migrations.Up(ctx, dsn))
		})
	}
}

// requireAsExpected looks at the schema together with the read models, which are created where they are missing.
func requireAsExpected(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	models := []generation.Model{agentmemories.Projection{}, search.New()}
	require.NoError(t, generation.CreateFirst(t.Context(), conn, models))
	differences, err := migrations.Verify(t.Context(), conn)
	require.NoError(t, err)
	require.Empty(t, differences)
}

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
