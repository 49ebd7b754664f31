package migrations_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/migrations"
)

func TestUpTwiceAppliesEachMigrationOnce(t *testing.T) {
	t.Parallel()
	dsn := emptyDatabase(t)
	require.NoError(t, migrations.Up(t.Context(), dsn))
	require.NoError(t, migrations.Up(t.Context(), dsn))
	requireUpOnce(t, connect(t, dsn))
}

func TestUpFromManyProcessesAtOnceAppliesEachMigrationOnce(t *testing.T) {
	t.Parallel()
	dsn := emptyDatabase(t)
	group, ctx := errgroup.WithContext(t.Context())
	for range 8 {
		group.Go(func() error { return migrations.Up(ctx, dsn) })
	}
	require.NoError(t, group.Wait())
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
	differences, err := migrations.Verify(t.Context(), conn)
	require.NoError(t, err)
	require.Empty(t, differences)
}

func TestUpWaitsForWhoeverChangesTheSchemaUntilItsContextEnds(t *testing.T) {
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

func TestUpOfANewerSchemaIsAVersionError(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	exec(t, connect(t, dsn), "insert into schema_migrations (version_id, is_applied) values (9000, true)")

	err := migrations.Up(t.Context(), dsn)

	var versions *migrations.VersionError
	require.ErrorAs(t, err, &versions)
	require.EqualValues(t, 9000, versions.Current)
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

func count(t *testing.T, conn *pgx.Conn, sql string, args ...any) (n int64) {
	t.Helper()
	require.NoError(t, conn.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}

func TestTheIndexOfASearchIsMadeAnewWhileOthersReadAndWrite(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	conn := connect(t, dsn)
	for _, undo := range []string{
		`drop index agent_memory_search_idx`,
		`create index agent_memory_search_vector_idx on agent_memory_search using gin (tenant_id, agent_id, user_id, vector) where is_active`,
		`create statistics agent_memory_search_scope_stats (dependencies) on agent_id, user_id from agent_memory_search`,
		`create index agent_memory_search_idx on agent_memory_search (words)`, // as an earlier try might leave one
		`delete from schema_migrations where version_id >= 8`,
	} {
		exec(t, conn, undo)
	}
	const write = `
insert into agent_memory_search (tenant_id, id, agent_id, user_id, memory_type, confidence_score, is_active, created_at,
       words, vector, sequence_id)
values ('default', gen_random_uuid(), 'ada', 'uma', 'fact', 1, true, now(), 1, 'tea:1', 1)`
	writer := connect(t, dsn)
	exec(t, writer, "begin")
	exec(t, writer, write)
	migrated := make(chan error)
	go func() { migrated <- migrations.Up(t.Context(), dsn) }()
	require.Eventually(t, func() bool {
		var waits bool
		require.NoError(t, conn.QueryRow(t.Context(), `
			select exists (select from pg_stat_activity
			                where datname = current_database() and wait_event_type = 'Lock' and query ilike '%index concurrently%')`).Scan(&waits))
		return waits
	}, time.Minute, 10*time.Millisecond)
	exec(t, conn, "set statement_timeout = '5s'")
	exec(t, conn, write)
	exec(t, writer, "commit")
	require.NoError(t, <-migrated)
	differences, err := migrations.Verify(t.Context(), conn)
	require.NoError(t, err)
	require.Empty(t, differences)
}
