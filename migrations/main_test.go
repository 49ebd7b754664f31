package migrations_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// connect opens a connection that is closed when the test ends.
func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// adminDSN is the DSN of the server's administrator, for the server and the database of dsn.
func adminDSN(dsn string) string {
	return with(dsn, "user", "postgres")
}

// superuser connects to the database of dsn as the server's administrator.
func superuser(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	return connect(t, adminDSN(dsn))
}

func exec(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	_, err := conn.Exec(t.Context(), sql, args...)
	require.NoError(t, err, sql)
}

// freshName is a name that no other test uses.
func freshName(prefix string) string {
	return fmt.Sprintf("%s_%d", prefix, time.Now().UnixNano())
}

// emptyDatabase makes a database of the application's role in which nothing has been migrated.
func emptyDatabase(t *testing.T, options ...string) (dsn string) {
	t.Helper()
	dsn = absentDatabase(t)
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	exec(t, connect(t, with(adminDSN(dsn), "dbname", "postgres")),
		fmt.Sprintf("create database %s owner %s %s", config.Database, config.User, strings.Join(options, " ")))
	return dsn
}

// absentDatabase names a database that does not exist, and drops what the test has made of it.
func absentDatabase(t *testing.T) (dsn string) {
	t.Helper()
	server, name := pgtest.DSN(t), freshName("made")
	t.Cleanup(func() {
		require.NoError(t, execOnce(with(adminDSN(server), "dbname", "postgres"), "drop database if exists "+name+" with (force)"))
	})
	return with(server, "dbname", name)
}

// execOnce runs a statement after the test's context has ended.
func execOnce(dsn, sql string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// with sets a parameter of a DSN that pgtest made.
func with(dsn, key, value string) string {
	parsed, err := url.Parse(dsn)
	if err != nil {
		panic(err)
	}
	query := parsed.Query()
	query.Set(key, value)
	parsed.RawQuery = query.Encode()
	return parsed.String()
}
