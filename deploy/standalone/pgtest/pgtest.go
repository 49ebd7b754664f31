// Package pgtest gives tests real PostgreSQL databases: one private server for each test process, started when the
// first test asks for it, and a migrated database of its own for each test. Where PostgreSQL is missing the
// tests fail and say what to install.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/generation"
	"github.com/auren-memory/auren/projections/search"
)

const (
	template = "auren_template"
	maxConns = 30
	deadline = 2 * time.Minute
)

// shared is the server of this process: one for all tests is what makes a database per test cheap.
var shared struct {
	main      bool // Main will stop it
	dir       string
	server    *standalone.Postgres
	databases atomic.Int64
}

// Main runs the tests of a package, stops and removes what they were given, and exits:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
func Main(m *testing.M) {
	shared.main = true
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// New returns a pool of at most 30 connections, as the role auren, to a migrated, empty database that is
// the test's own. Both go when the test ends.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(DSN(t))
	require.NoError(t, err)
	config.MaxConns = maxConns
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// DSN creates the same database as New and returns its connection string. The database goes when the test ends,
// and so do the connections to it that are still open.
func DSN(t testing.TB) string {
	t.Helper()
	server, err := start()
	require.NoError(t, err)
	name := fmt.Sprintf("test_%d", shared.databases.Add(1))
	require.NoError(t, admin(server, "create database "+name+" template "+template+" owner auren"))
	t.Cleanup(func() {
		require.NoError(t, admin(server, "drop database "+name+" with (force)"))
	})
	return databaseDSN(server, name)
}

// start starts the server and makes the template, once; a failure is every test's failure.
var start = sync.OnceValues(func() (server *standalone.Postgres, err error) {
	if !shared.main {
		return nil, errors.New("this package's TestMain does not call pgtest.Main")
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	if shared.dir, err = makeDir(); err != nil {
		return nil, err
	}
	server, err = standalone.StartPostgres(ctx, standalone.PostgresConfig{
		DataDir: shared.dir,
		Settings: map[string]string{
			"fsync":              "off", // what these tests write is thrown away
			"synchronous_commit": "off",
			"full_page_writes":   "off",
			"shared_buffers":     "128MB", // the tests of several packages run at once
			"max_connections":    "300",
		},
	})
	if err != nil {
		return nil, err
	}
	shared.server = server
	err = admin(server, "create database "+template+" owner auren")
	if err == nil {
		err = migrate(ctx, databaseDSN(server, template))
	}
	if err == nil {
		// A database with a connection cannot be cloned.
		err = admin(server, "alter database "+template+" with is_template true allow_connections false")
	}
	if err != nil {
		return nil, fmt.Errorf("make the template of the tests' databases: %w", err)
	}
	return server, nil
})

// migrate creates the schema with the tables of the read models.
func migrate(ctx context.Context, dsn string) error {
	if err := migrations.Up(ctx, dsn); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return generation.CreateFirst(ctx, conn, []generation.Model{agentmemories.Projection{}, search.New()})
}

func stop() error {
	if shared.server != nil {
		// Nothing of it is kept, so it need not write anything.
		if err := shared.server.Kill(); err != nil {
			return err
		}
	}
	return os.RemoveAll(shared.dir)
}

// makeDir makes a temporary directory that the account of PostgreSQL may enter when we are root.
func makeDir() (string, error) {
	dir, err := os.MkdirTemp("", "auren-pgtest-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}

func admin(server *standalone.Postgres, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	conn, err := pgx.Connect(ctx, server.AdminDSN())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// databaseDSN is the server's DSN for another of its databases.
func databaseDSN(server *standalone.Postgres, database string) string {
	dsn, err := url.Parse(server.DSN())
	if err != nil {
		panic(err) // it is ours
	}
	dsn.Path = "/" + database
	return dsn.String()
}

// Server is a private server of one test, for tests that stop, kill or restart it.
type Server struct {
	*standalone.Postgres
	config standalone.PostgresConfig
}

// NewServer starts a server with the settings of production, fsync among them, and migrates its database auren:
// DSN is the server's own. It goes when the test ends. It needs no Main.
func NewServer(t testing.TB) *Server {
	t.Helper()
	s := &Server{config: standalone.PostgresConfig{
		DataDir:  DataDir(t),
		Settings: map[string]string{"shared_buffers": "128MB"},
	}}
	s.start(t)
	t.Cleanup(func() { require.NoError(t, s.Kill()) })
	require.NoError(t, migrate(t.Context(), s.DSN()))
	return s
}

// Restart kills the server if it runs and starts it again on the same data and the same DSN.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	require.NoError(t, s.Kill())
	s.start(t)
}

func (s *Server) start(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	server, err := standalone.StartPostgres(ctx, s.config)
	require.NoError(t, err)
	s.Postgres = server
}

// DataDir returns an empty directory that serves as a data directory also for root, whose t.TempDir the account
// of PostgreSQL could not enter. It goes when the test ends, once a server whose AUREN was killed has shut down and
// writes there no longer.
func DataDir(t testing.TB) string {
	t.Helper()
	dir, err := makeDir()
	require.NoError(t, err)
	t.Cleanup(func() {
		require.EventuallyWithT(t, func(c *assert.CollectT) { assert.NoError(c, os.RemoveAll(dir)) },
			deadline, 10*time.Millisecond)
	})
	return dir
}
