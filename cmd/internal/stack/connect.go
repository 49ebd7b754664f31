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
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/queries"
)

// DatabaseDSN is the configured database, else that of the stack that runs from the data directory now.
func (s *Settings) DatabaseDSN() (string, error) {
	if s.Config.DSN != "" {
		return string(s.Config.DSN), nil
	}
	if s.Config.URL != "" {
		return "", errors.New("this command needs the database itself, which --url (AUREN_URL) does not name: name it with --db-dsn (AUREN_DB_DSN)")
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

// ConnectAs opens the small pool of a command that runs for a moment. The schema may be anything.
func (s *Settings) ConnectAs(ctx context.Context, name string) (*pgxpool.Pool, error) {
	dsn, err := s.DatabaseDSN()
	if err != nil {
		return nil, err
	}
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

// ExplainConnectError says in one line why there is no connection: the driver's own words name each address twice.
func ExplainConnectError(ctx context.Context, dsn string, err error) error {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); !ok || ctx.Err() != nil {
		return err
	}
	target := config.DSN(dsn)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return fmt.Errorf("PostgreSQL (%s) refuses: %s", target, refused.Message)
	}
	return fmt.Errorf("PostgreSQL (%s) cannot be reached: %s", target, terminal.OneLine(reason(err).Error()))
}

// reason is what kept a connection from being made.
func reason(err error) error {
	if name, ok := errors.AsType[*net.DNSError](err); ok {
		return name
	}
	if network, ok := errors.AsType[*net.OpError](err); ok {
		return network.Err
	}
	for {
		switch e := err.(type) { //nolint:errorlint // it is walked through
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

// Client is what the commands that work with memories need, over one connection to the database.
type Client struct {
	*Settings
	Pool    *pgxpool.Pool
	Store   *eventstore.Store
	Handler *commands.Handler
	Reader  *queries.Reader
}

// Connect opens a client. The schema must be the one that this program knows. Close it.
func (s *Settings) Connect(ctx context.Context, name string) (*Client, error) {
	pool, err := s.ConnectAs(ctx, "auren "+name)
	if err != nil {
		return nil, err
	}
	if err := migrations.CheckVersion(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	return newClient(s, pool, eventstore.Config{}), nil
}

func newClient(s *Settings, pool *pgxpool.Pool, config eventstore.Config) *Client {
	store := eventstore.New(pool, config)
	return &Client{
		Settings: s, Pool: pool, Store: store,
		Handler: commands.New(store, commands.Config{Tracer: config.Tracer}),
		Reader:  queries.New(pool, queries.Config{}),
	}
}

// Close waits for what is being written.
func (c *Client) Close() {
	c.Store.Close()
	c.Pool.Close()
}

// ErrNoProjector explains an answer that a read model could not give because nobody keeps it up to date.
var ErrNoProjector = errors.New("is a projector running? `auren status` tells")

// StatusOf reads how far each projection of the client's tenant is.
func (c *Client) StatusOf(ctx context.Context) ([]projections.Status, error) {
	all, err := projections.ReadStatus(ctx, c.Pool)
	if err != nil {
		return nil, err
	}
	var mine []projections.Status
	for _, s := range all {
		if s.Tenant == c.Tenant {
			mine = append(mine, s)
		}
	}
	return mine, nil
}
