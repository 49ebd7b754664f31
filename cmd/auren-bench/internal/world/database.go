package world

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/migrations"
)

// ErrNotEmpty says that a database holds something, or is being used, and so must not be measured on.
var ErrNotEmpty = errors.New("the benchmark needs an empty database of its own: create one, run `auren init` on it and name it with --db-dsn, or name none")

// anyData lists the tables of this program that hold a row.
const anyData = `
select 'logs' where exists (select from logs)
union all select 'events' where exists (select from events)
union all select 'commands' where exists (select from commands)
union all select 'agent_memories' where exists (select from agent_memories)
union all select 'projection_checkpoints' where exists (select from projection_checkpoints)`

// A server or projector that waits on the empty database would take part in what is measured.
const otherUsers = `
select distinct application_name
  from pg_stat_activity
 where datname = current_database() and pid <> pg_backend_pid() and application_name like 'auren %'`

// CheckEmpty tells whether a database may be measured on. It must have exactly the schema that this program knows
// (else the error is a *migrations.VersionError or names a difference), hold no data and have no other AUREN connected
// (else ErrNotEmpty). It writes nothing.
func CheckEmpty(ctx context.Context, dsn string, log *zap.Logger) error {
	pool, err := database.Open(ctx, database.Config{DSN: dsn, Name: ApplicationName}, log)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := migrations.CheckVersion(ctx, pool); err != nil {
		return err
	}
	differences, err := migrations.Verify(ctx, pool)
	if err != nil {
		return err
	}
	if len(differences) > 0 {
		return fmt.Errorf("the schema is not that of this program: %s", differences[0])
	}
	found, err := readTexts(ctx, pool, anyData)
	if err != nil {
		return err
	}
	if len(found) > 0 {
		return fmt.Errorf("table %s holds rows: %w", found[0], ErrNotEmpty)
	}
	// The server takes a moment to notice that somebody, such as the run before, is gone.
	for look := 0; ; look++ {
		if found, err = readTexts(ctx, pool, otherUsers); err != nil || len(found) == 0 {
			return err
		}
		if look == 20 {
			return fmt.Errorf("%s is connected: %w", found[0], ErrNotEmpty)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func readTexts(ctx context.Context, db *pgxpool.Pool, sql string) ([]string, error) {
	rows, _ := db.Query(ctx, sql) // CollectRows returns its error
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look at the database: %w", err)
	}
	return found, nil
}

// Private is a PostgreSQL server with the settings of production that exists for one run.
type Private struct {
	// Dir is for what else the run needs.
	Dir    string
	server *standalone.Postgres
}

// StartPrivate starts a server in a new directory below the data directory, which is created if it is missing. The error
// is a *standalone.NotInstalledError if there is no PostgreSQL. Close it.
func StartPrivate(ctx context.Context, dataDir string, log *zap.Logger) (*Private, error) {
	dataDir, err := standalone.OpenDataDir(dataDir)
	if err != nil {
		return nil, err
	}
	p := &Private{Dir: filepath.Join(dataDir, "bench-"+uuid.NewString())}
	if p.server, err = standalone.StartPostgres(ctx, standalone.PostgresConfig{DataDir: p.Dir, Log: log}); err == nil {
		err = stack.Migrate(ctx, p.server.DSN())
	}
	if err == nil {
		err = fillLog(ctx, p.server.AdminDSN())
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// fillLog leaves a new server with as many segments of its write-ahead log as one keeps that has been running for some
// time under load. To create one makes every commit wait, several times a second under load, but only at first.
func fillLog(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("connect as the superuser: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for range 2 << 10 / 16 { // segments of 16 MB in max_wal_size
		for _, sql := range []string{`select pg_logical_emit_message(false, 'auren bench', '')`, `select pg_switch_wal()`} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return fmt.Errorf("fill the write-ahead log: %w", err)
			}
		}
	}
	if _, err := conn.Exec(ctx, `checkpoint`); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// DSN is that of its migrated, empty database.
func (p *Private) DSN() string { return p.server.DSN() }

// Close ends the server and removes all that it wrote.
func (p *Private) Close() error {
	var err error
	if p.server != nil {
		err = p.server.Kill()
	}
	return errors.Join(err, os.RemoveAll(p.Dir))
}
