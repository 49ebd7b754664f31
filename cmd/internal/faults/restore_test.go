package faults_test

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/fanout"
)

// backup is a dump that was made while agents went on writing, with the head of the log before it.
type backup struct {
	file string
	head int64
}

// tool runs a program of PostgreSQL.
func tool(t *testing.T, program string, args ...string) {
	t.Helper()
	bin, err := standalone.FindPostgres()
	require.NoError(t, err)
	said, err := exec.CommandContext(t.Context(), filepath.Join(bin, program), args...).CombinedOutput()
	require.NoError(t, err, "%s", said)
}

// backUp dumps a world under load and goes on writing for a while.
func (w *world) backUp(l *load) backup {
	w.t.Helper()
	l.goesOn(100)
	b := backup{file: filepath.Join(w.t.TempDir(), "auren.dump"), head: w.head(l.tenant)}
	tool(w.t, "pg_dump", "--format=custom", "--file="+b.file, w.dsn)
	l.goesOn(100)
	return b
}

// restore replaces the database of a server by the backup.
func (b backup) restore(t *testing.T, server *pgtest.Server) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.AdminDSN())
	require.NoError(t, err)
	defer conn.Close(t.Context())
	for _, statement := range []string{"drop database auren with (force)", "create database auren owner auren"} {
		pgtest.Exec(t, conn, statement)
	}
	tool(t, "pg_restore", "--exit-on-error", "--dbname="+server.DSN(), b.file)
}

// remember remembers something through a running server.
func (w *world) remember(tenant domain.Tenant) *load {
	w.t.Helper()
	l := w.newLoad(tenant, 0)
	body := map[string]any{"agent_id": "coach", "user_id": "ana", "content": "written after the restore"}
	l.one(0, uuid.NewString(), request{http.MethodPost, "/v1/memories", body, true})
	require.Equal(w.t, 1, l.count())
	return l
}

// A backup is restored into a new cluster, with a new NATS server.
func TestRestoredIntoAFreshCluster(t *testing.T) {
	t.Parallel()
	const tenant = domain.DefaultTenant
	old := newWorldOn(t, pgtest.NewServer(t).DSN())
	old.server()
	old.projector()
	l := old.newLoad(tenant, clients)
	b := old.backUp(l)
	old.check(tenant, l)

	server := pgtest.NewServer(t)
	b.restore(t, server)
	w := newWorldOn(t, server.DSN())
	_, said, ok := w.run("verify")
	require.True(t, ok, said)
	requireImmutable(t, server)
	restored := w.head(tenant)
	require.GreaterOrEqual(t, restored, b.head)
	require.Less(t, restored, old.head(tenant))

	w.server()
	first := w.remember(tenant)
	require.Equal(t, restored+1, first.answered[0].SequenceID)
	w.projector()
	more := w.newLoad(tenant, clients)
	more.goesOn(50)
	w.check(tenant, first, more)
}

// A backup is restored under running processes: they must not rely on what they cached of the former log. The stream is
// ahead of the restored log; the fan-out stops and says what to do, and doing it repairs the stream.
func TestRestoredUnderTheProcessesThatRun(t *testing.T) {
	t.Parallel()
	const tenant = domain.DefaultTenant
	server := pgtest.NewServer(t)
	w := newWorldOn(t, server.DSN())
	w.server()
	projector := w.projector()
	l := w.newLoad(tenant, clients)
	b := w.backUp(l)
	former := w.check(tenant, l)

	b.restore(t, server)
	w.pool.Reset()
	first := w.remember(tenant)
	require.Less(t, first.answered[0].SequenceID, former.head)
	w.pool.Reset()
	w.readLog(tenant)

	require.Eventually(t, func() bool {
		all, err := projections.ReadStatus(t.Context(), w.pool)
		for _, s := range all {
			if s.Projection == fanout.Name && s.StoppedAt != nil {
				return true
			}
		}
		require.NoError(t, err)
		return false
	}, patience, tick, "the fan-out goes on as if nothing had happened")
	said, _, ok := w.run("status")
	require.False(t, ok, "status reports the problem")
	const advice = "delete the stream and restart the projectors to have it filled from the log"
	require.Contains(t, said, advice)
	require.Contains(t, projector.Stderr.String(), advice)
	require.Len(t, w.readStream(tenant), len(former.events), "the stream is left alone")

	require.NoError(t, w.jetstream().DeleteStream(t.Context(), fanout.Stream))
	projector.Stop()
	w.projector()
	more := w.newLoad(tenant, clients)
	more.goesOn(50)
	w.check(tenant, first, more)
}

// requireImmutable requires that neither the role nor, because of the trigger, the superuser can change an event.
func requireImmutable(t *testing.T, server *pgtest.Server) {
	t.Helper()
	admin, err := pgx.ParseConfig(server.AdminDSN())
	require.NoError(t, err)
	role, err := pgx.ParseConfig(server.DSN())
	require.NoError(t, err)
	admin.Database = role.Database
	for config, refusal := range map[*pgx.ConnConfig]string{role: "permission denied for table events", admin: "events are immutable"} {
		conn, err := pgx.ConnectConfig(t.Context(), config)
		require.NoError(t, err)
		defer conn.Close(t.Context())
		for _, change := range []string{"update events set event_type = 'x'", "delete from events", "truncate events"} {
			_, err := conn.Exec(t.Context(), change)
			require.ErrorContains(t, err, refusal, change)
		}
	}
}
