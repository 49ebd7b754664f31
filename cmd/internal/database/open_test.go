package database_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestPoolKeepsItsSizeAndIsBounded(t *testing.T) {
	t.Parallel()
	pool, err := database.Open(t.Context(), database.Config{DSN: pgtest.DSN(t), Name: "sizes", Size: 10, Overflow: 3}, zap.NewNop())
	require.NoError(t, err)
	defer pool.Close()

	require.Eventually(t, func() bool { return pool.Stat().TotalConns() >= 10 }, 10*time.Second, 5*time.Millisecond)
	require.EqualValues(t, 13, pool.Stat().MaxConns())

	var jit, name, zone string
	row := pool.QueryRow(t.Context(), "select current_setting('jit'), current_setting('application_name'), current_setting('timezone')")
	require.NoError(t, row.Scan(&jit, &name, &zone))
	require.Equal(t, []string{"off", "sizes", "UTC"}, []string{jit, name, zone})
}

// shown returns a pool's value of a setting that has another default in the database.
func shown(t *testing.T, dsn, setting, value string) (actual string) {
	t.Helper()
	admin, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	_, err = admin.Exec(t.Context(), fmt.Sprintf("alter database %s set %s = '%s'",
		pgx.Identifier{admin.Config().Database}.Sanitize(), setting, value))
	require.NoError(t, err)
	require.NoError(t, admin.Close(t.Context()))
	pool, err := database.Open(t.Context(), database.Config{DSN: dsn, Size: 1}, zap.NewNop())
	require.NoError(t, err)
	defer pool.Close()
	require.NoError(t, pool.QueryRow(t.Context(), "show "+setting).Scan(&actual))
	return actual
}

func TestCommitsAreDurableWhateverTheDatabaseIsSetTo(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	for value, expected := range map[string]string{"off": "on", "remote_apply": "remote_apply", "local": "local"} {
		require.Equal(t, expected, shown(t, dsn, "synchronous_commit", value))
	}
}

func TestTransactionsAreReadCommittedWhateverTheDatabaseIsSetTo(t *testing.T) {
	t.Parallel()
	require.Equal(t, "read committed", shown(t, pgtest.DSN(t), "default_transaction_isolation", "serializable"))
}

func TestAProcessSuspendedInATransactionDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	frozen, err := database.Open(t.Context(), database.Config{DSN: dsn, Size: 1}, zap.NewNop())
	require.NoError(t, err)
	defer frozen.Close()
	_, err = frozen.Exec(t.Context(), "insert into logs (tenant_id, hash, created_at) values ('default', '', now())")
	require.NoError(t, err)
	tx, err := frozen.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "select from logs for update")
	require.NoError(t, err)

	other, err := database.Open(t.Context(), database.Config{DSN: dsn, Size: 1}, zap.NewNop())
	require.NoError(t, err)
	defer other.Close()
	_, err = other.Exec(t.Context(), "update logs set sequence_id = 1")
	require.NoError(t, err, "the server ends the idle transaction after a few seconds")
	require.Error(t, tx.Commit(t.Context()))
}

func TestAcquiringHasADeadline(t *testing.T) {
	t.Parallel()
	pool, err := database.Open(t.Context(), database.Config{DSN: pgtest.DSN(t), Size: 1}, zap.NewNop())
	require.NoError(t, err)
	defer pool.Close()
	held, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer held.Release()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = pool.Acquire(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, ctx.Err(), "the pool's deadline ended it, not ours")

	// The deadline covers the acquisition only: the connection lives on.
	held.Release()
	var one int
	require.NoError(t, pool.QueryRow(t.Context(), "select 1 from pg_sleep(0)").Scan(&one))
}

func TestOpenWaitsForTheServerAndLogsIt(t *testing.T) {
	t.Parallel()
	server := pgtest.NewServer(t)
	require.NoError(t, server.Kill())
	core, said := observer.New(zapcore.WarnLevel)

	opened := make(chan error, 1)
	go func() {
		pool, err := database.Open(t.Context(), database.Config{DSN: server.DSN() + "&password=s3cret", Wait: time.Minute}, zap.New(core))
		if err == nil {
			pool.Close()
		}
		opened <- err
	}()
	require.Eventually(t, func() bool { return said.Len() > 1 }, 10*time.Second, time.Millisecond)
	server.Restart(t)
	require.NoError(t, <-opened)

	for _, entry := range said.All() {
		require.Equal(t, "waiting for postgresql", entry.Message)
		for _, field := range entry.Context {
			text := field.String
			if err, ok := field.Interface.(error); ok {
				text = err.Error()
			}
			require.NotContains(t, text, "s3cret")
		}
	}
}

func TestOpenGivesUpWithAClearErrorWithoutSecrets(t *testing.T) {
	t.Parallel()
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, refused.Close())
	dsn := pgtest.DSN(t)
	another := dsn[:strings.LastIndex(dsn, "/test_")] + "/no_such_database?" + strings.SplitN(dsn, "?", 2)[1]

	for name, test := range map[string]struct {
		dsn  string
		want string
	}{
		"malformed":     {"postgres://u:s3cret@h:port/x", "the database DSN is malformed"},
		"nobody there":  {"postgres://u:s3cret@" + refused.Addr().String() + "/x", "PostgreSQL (x on " + refused.Addr().String() + ") cannot be reached"},
		"no such":       {another + "&password=s3cret", "the database does not exist (no_such_database on"},
		"not the role":  {strings.Replace(dsn, "auren@", "stranger:s3cret@", 1), "the database refuses the role"},
		"not even that": {"s3cret", "the database DSN is malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := database.Open(t.Context(), database.Config{DSN: test.dsn, Wait: 50 * time.Millisecond}, zap.NewNop())
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "s3cret")
		})
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, cancel := context.WithCancel(t.Context())
	core, said := observer.New(zapcore.WarnLevel)
	opened := make(chan error, 1)
	go func() {
		_, err := database.Open(ctx, database.Config{DSN: "postgres://u@127.0.0.1:1/x", Wait: time.Hour}, zap.New(core))
		opened <- err
	}()
	require.Eventually(t, func() bool { return said.Len() > 0 }, 10*time.Second, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-opened, context.Canceled)
}
