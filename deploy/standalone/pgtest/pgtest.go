// Package pgtest gives tests real PostgreSQL databases: one private server for each test process, started when the
// first test asks for it, and a migrated database of its own for each test. Where PostgreSQL is missing the
// tests fail and say what to install.
package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
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
	sync.Mutex
	main   bool // Main will stop it
	tried  bool
	dir    string
	server *standalone.Postgres
	err    error

	databases atomic.Int64
}

// Main runs the tests of a package, stops and removes what they were given, and exits:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
func Main(m *testing.M) {
	shared.Lock()
	shared.main = true
	shared.Unlock()
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
func start() (*standalone.Postgres, error) {
	shared.Lock()
	defer shared.Unlock()
	if !shared.main {
		return nil, fmt.Errorf("this package's TestMain does not call pgtest.Main")
	}
	if !shared.tried {
		shared.tried = true
		shared.server, shared.err = startServer()
	}
	return shared.server, shared.err
}

func startServer() (*standalone.Postgres, error) {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	dir, err := makeDir()
	if err != nil {
		return nil, err
	}
	shared.dir = dir
	server, err := standalone.StartPostgres(ctx, standalone.PostgresConfig{
		DataDir: dir,
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
}

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
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		// Nothing of it is kept, so it need not write anything.
		if err := shared.server.Kill(); err != nil {
			return err
		}
	}
	if shared.dir == "" {
		return nil
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
