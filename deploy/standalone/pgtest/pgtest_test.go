package pgtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

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
		require.NoError(t, pool.QueryRow(t.Context(), "select count(*) from events").Scan(&events))
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

func TestAServerOfATestKeepsWhatWasCommittedBeforeItsKill(t *testing.T) {
	t.Parallel()
	server := pgtest.NewServer(t)
	kept := func(sql string) (answer string) {
		conn, err := pgx.Connect(t.Context(), server.DSN())
		require.NoError(t, err)
		defer conn.Close(t.Context())
		require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&answer))
		return answer
	}
	dsn := server.DSN()
	require.Equal(t, "default", kept("insert into logs (tenant_id, hash, created_at) values ('default', '', now()) returning tenant_id"))
	server.Restart(t)
	require.Equal(t, dsn, server.DSN())
	require.Equal(t, "default", kept("select tenant_id from logs"))
	require.Equal(t, "on", kept("show fsync"))
}
