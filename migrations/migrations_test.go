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

func TestWhatAnEventSaysOutlivesItsColumnsType(t *testing.T) {
	t.Parallel()
	dsn := emptyDatabase(t)
	require.NoError(t, migrations.UpTo(t.Context(), dsn, 8))
	conn := connect(t, dsn)
	exec(t, conn, `
insert into events (tenant_id, sequence_id, event_id, stream_id, version, event_type, schema_version,
    agent_id, user_id, payload, metadata, occurred_at, created_at, hash)
values ('default', 1, gen_random_uuid(), gen_random_uuid(), 1, 'memory_remembered', 1,
    'agent', 'user', '{"content":{"é\n":[1e2,0.10,null]}}', '{"actor":"ana"}', now(), now(), '\x00')`)
	require.NoError(t, migrations.Up(t.Context(), dsn))

	requireUpOnce(t, connect(t, dsn))
	var payload, metadata string
	require.NoError(t, conn.QueryRow(t.Context(), "select payload::text, metadata::text from events").Scan(&payload, &metadata))
	require.JSONEq(t, `{"content":{"é\n":[100,0.1,null]}}`, payload)
	require.JSONEq(t, `{"actor":"ana"}`, metadata)
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
	requireAsExpected(t, conn)
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

// beforeScopes is a database of schema version 7.
func beforeScopes(t *testing.T) (dsn string, conn *pgx.Conn) {
	t.Helper()
	dsn = pgtest.DSN(t)
	conn = connect(t, dsn)
	for _, undo := range []string{
		`drop index agent_memory_search_idx`,
		`create index agent_memory_search_vector_idx on agent_memory_search using gin (tenant_id, agent_id, user_id, vector) where is_active`,
		`create statistics agent_memory_search_scope_stats (dependencies) on agent_id, user_id from agent_memory_search`,
		`delete from schema_migrations where version_id >= 8`,
	} {
		exec(t, conn, undo)
	}
	return dsn, conn
}

const writeSearchRow = `
insert into agent_memory_search (tenant_id, id, agent_id, user_id, memory_type, confidence_score, is_active, created_at,
       words, vector, sequence_id)
values ('default', gen_random_uuid(), 'ada', 'uma', 'fact', 1, true, now(), 1, 'tea:1', 1)`

// writing begins a transaction that writes; whoever indexes concurrently waits for its end.
func writing(t *testing.T, dsn string) (writer *pgx.Conn) {
	t.Helper()
	writer = connect(t, dsn)
	exec(t, writer, "begin")
	exec(t, writer, writeSearchRow)
	return writer
}

// awaitWaiting returns when a statement with such words waits for a lock.
func awaitWaiting(t *testing.T, conn *pgx.Conn, words string) {
	t.Helper()
	require.Eventually(t, func() bool {
		var waits bool
		require.NoError(t, conn.QueryRow(t.Context(), `
			select exists (select from pg_stat_activity
			                where datname = current_database() and pid <> pg_backend_pid() and wait_event_type = 'Lock'
			                  and query like '%' || $1 || '%')`, words).Scan(&waits))
		return waits
	}, time.Minute, 10*time.Millisecond)
}

func requireAsExpected(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	differences, err := migrations.Verify(t.Context(), conn)
	require.NoError(t, err)
	require.Empty(t, differences)
}

func TestTheIndexOfASearchIsMadeWhileOthersWrite(t *testing.T) {
	t.Parallel()
	dsn, conn := beforeScopes(t)
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	for _, timeout := range []string{"statement_timeout", "lock_timeout"} {
		exec(t, superuser(t, dsn), "alter database "+config.Database+" set "+timeout+" = '500ms'")
	}
	writer := writing(t, dsn)
	migrated := make(chan error, 1)
	go func() { migrated <- migrations.Up(t.Context(), dsn) }()
	awaitWaiting(t, conn, "create index concurrently")
	exec(t, conn, "set statement_timeout = '5s'")
	exec(t, conn, writeSearchRow)
	exec(t, conn, "select pg_sleep(1)")
	exec(t, writer, "commit")
	require.NoError(t, <-migrated)
	requireAsExpected(t, conn)
}

func TestTheIndexOfASearchIsMadeAfterATryThatWasKilled(t *testing.T) {
	t.Parallel()
	dsn, conn := beforeScopes(t)
	writer := writing(t, dsn)
	// The server does not notice that nobody waits for the answer.
	orphan, orphaned := connect(t, dsn), make(chan error, 1)
	go func() {
		_, err := orphan.Exec(t.Context(), "create index concurrently agent_memory_search_idx on agent_memory_search (words)")
		orphaned <- err
	}()
	awaitWaiting(t, conn, "create index concurrently")
	migrated := make(chan error, 1)
	go func() { migrated <- migrations.Up(t.Context(), dsn) }()
	awaitWaiting(t, conn, "drop index concurrently")
	exec(t, writer, "commit")
	require.NoError(t, <-orphaned)
	require.NoError(t, <-migrated)
	requireAsExpected(t, conn)
}
