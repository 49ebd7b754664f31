package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/queries"
)

// databaseDSN is the configured database, else that of the stack that runs from the data directory now.
func (a *app) databaseDSN() (string, error) {
	if a.config.DSN != "" {
		return string(a.config.DSN), nil
	}
	dsn, ok, err := standalone.RunningDSN(a.config.DataDir)
	switch {
	case err != nil:
		return "", fmt.Errorf("look for a running AUREN in %s: %w; or name a database with --db-dsn (AUREN_DB_DSN)", a.config.DataDir, err)
	case !ok:
		return "", fmt.Errorf("no AUREN runs on %s: start one with `auren up`, or name a database with --db-dsn (AUREN_DB_DSN)", a.config.DataDir)
	}
	return dsn, nil
}

// connectAs opens the small pool of a command that runs for a moment. The schema may be anything.
func (a *app) connectAs(ctx context.Context, name string) (*pgxpool.Pool, error) {
	dsn, err := a.databaseDSN()
	if err != nil {
		return nil, err
	}
	waiting := time.AfterFunc(time.Second, func() {
		a.stderr.printf("%s\n", a.stderr.paint(dim, fmt.Sprintf("waiting up to %s for PostgreSQL (%s)", a.config.Wait, config.DSN(dsn))))
	})
	defer waiting.Stop()
	pool, err := database.Open(ctx, database.Config{DSN: dsn, Name: name, Wait: a.config.Wait}, zap.NewNop())
	return pool, unreached(ctx, dsn, err)
}

// unreached says in one line why there is no connection: the driver's own words name each address twice.
func unreached(ctx context.Context, dsn string, err error) error {
	if _, ok := errors.AsType[*pgconn.ConnectError](err); !ok || ctx.Err() != nil {
		return err
	}
	target := config.DSN(dsn)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		return fmt.Errorf("PostgreSQL (%s) refuses: %s", target, refused.Message)
	}
	return fmt.Errorf("PostgreSQL (%s) cannot be reached: %s", target, oneLine(reason(err).Error()))
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

// natsUnreached says why there is no connection to NATS, and to which servers: the client's own words name none.
func natsUnreached(url string, err error) error {
	did := "cannot be reached"
	if errors.Is(err, nats.ErrAuthorization) {
		did = "refuses"
	}
	return fmt.Errorf("NATS (%s) %s: %s", config.NATSURL(url).Hosts(), did, maskSecrets(strings.TrimPrefix(err.Error(), "nats: ")))
}

// client is what the commands that work with memories need, over one connection to the database.
type client struct {
	app     *app
	pool    *pgxpool.Pool
	store   *eventstore.Store
	handler *commands.Handler
	reader  *queries.Reader
}

// connect opens a client. The schema must be the one that this program knows. Close it.
func (a *app) connect(ctx context.Context, name string) (*client, error) {
	pool, err := a.connectAs(ctx, "auren "+name)
	if err != nil {
		return nil, err
	}
	if err := migrations.CheckVersion(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	return newClient(a, pool, eventstore.Config{}), nil
}

func newClient(a *app, pool *pgxpool.Pool, config eventstore.Config) *client {
	store := eventstore.New(pool, config)
	return &client{
		app: a, pool: pool, store: store,
		handler: commands.New(store, commands.Config{Tracer: config.Tracer}),
		reader:  queries.New(pool, queries.Config{}),
	}
}

// close waits for what is being written.
func (c *client) close() {
	c.store.Close()
	c.pool.Close()
}

// errNoProjector explains an answer that a read model could not give because nobody keeps it up to date.
var errNoProjector = errors.New("is a projector running? `auren status` tells")

// statusOf reads how far each projection of the client's tenant is.
func (c *client) statusOf(ctx context.Context) ([]projections.Status, error) {
	all, err := projections.ReadStatus(ctx, c.pool)
	if err != nil {
		return nil, err
	}
	var mine []projections.Status
	for _, s := range all {
		if s.Tenant == c.app.tenant {
			mine = append(mine, s)
		}
	}
	return mine, nil
}
