package migrations_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/migrations"
)

func TestCreateDatabaseCreatesItOnce(t *testing.T) {
	t.Parallel()
	dsn := adminDSN(absentDatabase(t))

	created, err := migrations.CreateDatabase(t.Context(), dsn)
	require.NoError(t, err)
	require.True(t, created)
	require.NoError(t, migrations.Up(t.Context(), dsn))

	created, err = migrations.CreateDatabase(t.Context(), dsn)
	require.NoError(t, err)
	require.False(t, created)
	requireUpOnce(t, connect(t, dsn))
}

func TestCreateDatabaseFromManyProcessesAtOnceCreatesItOnce(t *testing.T) {
	t.Parallel()
	dsn := adminDSN(absentDatabase(t))
	created := make([]bool, 8)
	var group errgroup.Group
	for i := range created {
		group.Go(func() (err error) {
			created[i], err = migrations.CreateDatabase(t.Context(), dsn)
			return err
		})
	}
	require.NoError(t, group.Wait())
	times := 0
	for _, did := range created {
		if did {
			times++
		}
	}
	require.Equal(t, 1, times)
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
