// Package stack builds, starts and stops the parts of a running AUREN, and connects to those that run elsewhere.
package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/queries"
)

// Settings holds what every part is built from.
type Settings struct {
	Config  config.Config
	Tenant  domain.Tenant
	Version string
	Log     *zap.Logger
	// Stderr is the user's terminal, for notices and progress.
	Stderr *terminal.Screen
}

// Notice prints a line on stderr, apart from the command's output.
func (s *Settings) Notice(text string) {
	s.Stderr.Printf("%s\n", s.Stderr.Paint(terminal.Dim, text))
}

// DatabaseDSN returns the configured database, else the one of the stack that runs from the data directory.
func (s *Settings) DatabaseDSN() (string, error) {
	if s.Config.DSN != "" {
		return string(s.Config.DSN), nil
	}
	if s.Config.URL != "" {
		return "", domain.Errorf(domain.Invalid, "this command works on the database and cannot go to a server: leave out --url (unset AUREN_URL), or name the database with --db-dsn (AUREN_DB_DSN)")
	}
	dsn, ok, err := standalone.RunningDSN(s.Config.DataDir)
	switch {
	case err != nil:
		return "", fmt.Errorf("look for a running AUREN in %s: %w; or name a database with --db-dsn (AUREN_DB_DSN)", s.Config.DataDir, err)
	case !ok:
		return "", fmt.Errorf("no AUREN runs on %s: start one with `auren up`, or name a database with --db-dsn (AUREN_DB_DSN)", s.Config.DataDir)
	}
	return dsn, nil
}

// ConnectAs opens a small pool for a short-lived command. It does not check the schema.
func (s *Settings) ConnectAs(ctx context.Context, name string) (*pgxpool.Pool, error) {
	dsn, err := s.DatabaseDSN()
	if err != nil {
		return nil, err
	}
	return s.connectTo(ctx, dsn, name)
}

func (s *Settings) connectTo(ctx context.Context, dsn, name string) (*pgxpool.Pool, error) {
	waiting := time.AfterFunc(time.Second, func() {
		s.Notice(fmt.Sprintf("waiting up to %s for PostgreSQL (%s)", s.Config.Wait, config.DSN(dsn)))
	})
	defer waiting.Stop()
	pool, err := database.Open(ctx, database.Config{DSN: dsn, Name: name, Wait: s.Config.Wait}, zap.NewNop())
	return pool, ExplainConnectError(ctx, dsn, err)
}

// OpenNow opens the database without waiting for it.
func (s *Settings) OpenNow(ctx context.Context) (*pgxpool.Pool, error) {
	dsn, err := s.DatabaseDSN()
	if err != nil {
		return nil, err
	}
	pool, err := database.Open(ctx, database.Config{DSN: dsn, Name: "auren status"}, s.Log)
	return pool, ExplainConnectError(ctx, dsn, err)
}

// ExplainConnectError says in one line why connecting failed; the driver's own message names each address twice.
func ExplainConnectError(ctx context.Context, dsn string, err error) error {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); !ok || ctx.Err() != nil {
		return err
	}
	target := config.DSN(dsn)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return fmt.Errorf("PostgreSQL (%s) refused the connection: %s", target, refused.Message)
	}
	return fmt.Errorf("PostgreSQL (%s) cannot be reached: %s", target, terminal.OneLine(reason(err).Error()))
}

// reason returns the innermost cause of a failed connection.
func reason(err error) error {
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		return name
	}
	if network, ok := errors.AsType[*net.OpError](err); ok {
		return network.Err
	}
	for {
		switch e := err.(type) { //nolint:errorlint // the loop unwraps it
		case interface{ Unwrap() error }:
			if e.Unwrap() == nil {
				return err
			}
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			err = e.Unwrap()[0]
		default:
			return err
		}
	}
}

// Client has what the memory commands need, over one pool.
type Client struct {
	*Settings
	Pool    *pgxpool.Pool
	Events  *eventstore.Log
	Writer  *writer.Writer
	Handler *commands.Handler
	Reader  *queries.Reader
}

// Connect opens a client; the schema must be the version that this program expects. The caller closes it.
func (s *Settings) Connect(ctx context.Context, name string) (*Client, error) {
	pool, err := s.ConnectAs(ctx, "auren "+name)
	if err != nil {
		return nil, err
	}
	if err := migrations.CheckVersion(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	return newClient(s, pool, writer.Config{}), nil
}

func newClient(s *Settings, pool *pgxpool.Pool, config writer.Config) *Client {
	log, appends := eventstore.NewLog(pool), writer.New(pool, config)
	return &Client{
		Settings: s, Pool: pool, Events: log, Writer: appends,
		Handler: commands.New(log, appends, commands.Config{Tracer: config.Tracer}),
		Reader:  queries.New(pool, queries.Config{}),
	}
}

// Close waits for writes in progress.
func (c *Client) Close() {
	c.Writer.Close()
	c.Pool.Close()
}

// ErrNoProjector explains why a read model is not up to date: no projector maintains it.
var ErrNoProjector = errors.New("is a projector running? `auren status` tells")
