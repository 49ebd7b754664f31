package migrations_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/migrations"
)

const foreignObjects = `
create table notes (id int primary key, body text);
insert into notes values (1, 'mine');
create function greet() returns text language sql as $$ select 'hello' $$;
create schema other;
create table other.events (id int)`

func TestResetDropsOursAndLeavesTheRest(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	conn := connect(t, dsn)
	appendEvent(t, conn)
	exec(t, conn, foreignObjects)
	exec(t, conn, `
		insert into projection_generations (projection, projection_version, state, schema_name) values ('search', 9, 'building', 'auren_search_g3');
		create schema auren_search_g3; create table auren_search_g3.search_documents (id int)`)

	require.NoError(t, migrations.Reset(t.Context(), dsn))

	require.EqualValues(t, 1, count(t, conn, "select count(*) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'S')"))
	require.EqualValues(t, 1, count(t, conn, "select count(*) from notes where body = 'mine'"))
	require.EqualValues(t, 0, count(t, conn, "select count(*) from other.events"))
	require.EqualValues(t, 1, count(t, conn, "select count(*) from pg_proc where proname = 'greet'"))
	require.EqualValues(t, 0, count(t, conn, "select count(*) from pg_proc where proname = 'refuse_event_change'"))
	require.EqualValues(t, 0, count(t, conn, "select count(*) from pg_namespace where nspname like 'auren\\_%'"))

	require.NoError(t, migrations.Reset(t.Context(), dsn), "a second reset finds nothing to do")
	require.NoError(t, migrations.Up(t.Context(), dsn))
	requireUpOnce(t, conn)
}

func TestResetDropsNothingWhenAForeignObjectNeedsOurs(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	conn := connect(t, dsn)
	exec(t, conn, "create view report as select count(*) from events")

	require.ErrorContains(t, migrations.Reset(t.Context(), dsn), "view report depends on table events")

	requireUpOnce(t, conn)
}

func TestTablesOfAnotherProgramAreLeftAlone(t *testing.T) {
	t.Parallel()
	dsn := emptyDatabase(t)
	conn := superuser(t, dsn)
	exec(t, conn, "create table public.events (title text)")

	require.NoError(t, migrations.Reset(t.Context(), dsn))
	err := migrations.Up(t.Context(), dsn)
	require.ErrorContains(t, err, "name an empty database")
	require.ErrorContains(t, err, `relation "events" already exists`)
	require.NoError(t, migrations.Reset(t.Context(), dsn))
	require.Zero(t, count(t, conn, "select count(title) from events"))
	require.EqualValues(t, 1, count(t, conn, "select count(*) from pg_tables where schemaname = 'public'"))
}
