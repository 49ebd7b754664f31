package pgtest_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const countEvents = "select count(*) from events"

func TestNewGivesEachTestAMigratedDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 3 {
		var name, role string
		var superuser bool
		var events int
		pool := pgtest.New(t)
		require.NoError(t, pool.QueryRow(t.Context(), "select current_database(), current_user").Scan(&name, &role))
		require.NoError(t, pool.QueryRow(t.Context(), "select rolsuper from pg_roles where rolname = current_user").Scan(&superuser))
		require.NoError(t, pool.QueryRow(t.Context(), countEvents).Scan(&events))
		require.Equal(t, "auren", role)
		require.False(t, superuser)
		require.Zero(t, events)
		require.False(t, seen[name], "database %s was given twice", name)
		seen[name] = true
		_, err := pool.Exec(t.Context(), "create table mark ()")
		require.NoError(t, err)
	}
}

func TestDatabaseGoesWithItsTestThoughConnectionsAreOpen(t *testing.T) {
	t.Parallel()
	var dsn string
	t.Run("given", func(t *testing.T) {
		dsn = pgtest.DSN(t)
		conn, err := pgx.Connect(t.Context(), dsn)
		require.NoError(t, err)
		require.NoError(t, conn.Ping(t.Context()))
	})
	_, err := pgx.Connect(t.Context(), dsn)
	require.ErrorContains(t, err, "does not exist")
}

func TestServerKeepsWhatWasCommittedBeforeItWasKilled(t *testing.T) {
	t.Parallel()
	server := pgtest.NewServer(t)
	dsn := server.DSN()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	_, err = conn.Exec(ctx, "create table kept as select 1 as one")
	require.NoError(t, err)
	server.Restart(t)

	require.Equal(t, dsn, server.DSN())
	require.Error(t, conn.Ping(ctx), "the connection of before the kill")
	again, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer again.Close(ctx)
	var one, events int
	require.NoError(t, again.QueryRow(ctx, "select one from kept").Scan(&one))
	require.NoError(t, again.QueryRow(ctx, countEvents).Scan(&events))
	require.Equal(t, 1, one)
	var fsync string
	require.NoError(t, again.QueryRow(ctx, "show fsync").Scan(&fsync))
	require.Equal(t, "on", fsync)
}
