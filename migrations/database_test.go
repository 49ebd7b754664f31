package migrations_test

import (
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/migrations"
)

func TestCreateDatabaseFromManyProcessesAtOnceCreatesItOnce(t *testing.T) {
	t.Parallel()
	dsn := adminDSN(absentDatabase(t))
	var times atomic.Int64
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			created, err := migrations.CreateDatabase(t.Context(), dsn)
			if created {
				times.Add(1)
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.EqualValues(t, 1, times.Load())
	require.NoError(t, migrations.Up(t.Context(), dsn))
	requireUpOnce(t, connect(t, dsn))
}

func TestCreateDatabaseNamesTheStatementThatTheRoleMayNotRun(t *testing.T) {
	t.Parallel()
	role, dsn := strangerTo(t, pgtest.DSN(t))
	created, err := migrations.CreateDatabase(t.Context(), with(dsn, "dbname", "wanted"))
	require.False(t, created)
	require.ErrorContains(t, err, "run `create database \"wanted\" owner \""+role+"\" encoding 'UTF8' template template0` as an administrator")
}

func TestErrorsNeverShowThePassword(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	server := pgtest.DSN(t)
	for name, dsn := range map[string]string{
		"a port that is none":       "postgres://auren:" + secret + "@localhost:port/auren",
		"a password with a percent": "postgres://auren:" + secret + "%zz@localhost/auren",
		"a password with a slash":   "postgres://auren:" + secret + "/x@localhost/auren",
		"an unclosed quote":         "host=localhost password='" + secret,
		"a setting that is none":    "host=localhost password=" + secret + " sslmode=perhaps",
		"no DSN at all":             secret,
		"a server that is away":     "postgres://auren:" + secret + "@127.0.0.1:1/auren",
		"a role that is none":       with(with(server, "user", "nobody_here"), "password", secret),
		"a database that is none":   with(with(server, "dbname", "none_such"), "password", secret),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			errs := []error{migrations.Up(t.Context(), dsn), migrations.Reset(t.Context(), dsn)}
			if name != "a database that is none" {
				_, err := migrations.CreateDatabase(t.Context(), dsn)
				errs = append(errs, err)
			}
			for _, err := range errs {
				require.Error(t, err)
				require.NotContains(t, err.Error(), secret)
				require.NotContains(t, err.Error(), "postgres://auren")
			}
		})
	}
}
