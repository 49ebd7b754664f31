// Package world is what a scenario is measured in: a database, the parts of AUREN on it, and memories to fill it with.
package world

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/fanout"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/queries"
)

// Tenant has the memories of all scenarios but the import.
const (
	Tenant = domain.DefaultTenant
	// ApplicationName is how the server knows our connections.
	ApplicationName = "auren bench"
	// The pool is as large as a server's is when nothing is configured.
	poolSize, poolOverflow = 20, 30
)

// The tables of the floors have a schema of their own. Like that of a rebuild, what is left of it is nobody's.
const (
	dropFloors   = `drop schema if exists auren_bench cascade`
	createFloors = `create schema auren_bench`
)

// Config says where a world is.
type Config struct {
	DSN string
	// Dir is for the files of NATS; it is created where it is missing.
	Dir string
	Log *zap.Logger
	Say func(doing string)
}

// World is what a server and a projector work with, on an empty schema.
type World struct {
	config      Config
	Pool        *pgxpool.Pool
	EventLog    *eventstore.Log
	Writer      *writer.Writer
	Handler     *commands.Handler
	Reader      *queries.Reader
	LogNews     *eventstore.Watcher
	ProjectNews *eventstore.Watcher

	ballast []byte // as the services of a server have
	// closers are called last to first.
	closers []func()
}

// Open makes a world on an empty schema. Close it.
func Open(ctx context.Context, config Config) (*World, error) {
	if err := empty(ctx, config.DSN); err != nil {
		return nil, err
	}
	pool, err := database.Open(ctx, database.Config{DSN: config.DSN, Name: ApplicationName, Size: poolSize, Overflow: poolOverflow}, config.Log)
	if err != nil {
		return nil, err
	}
	w := &World{ballast: make([]byte, 48<<20), config: config, Pool: pool, EventLog: eventstore.NewLog(pool), Writer: writer.New(pool, writer.Config{})}
	w.Handler = commands.New(w.EventLog, w.Writer, commands.Config{})
	w.LogNews = eventstore.NewWatcher(pool, eventstore.LogChannel, config.Log)
	w.ProjectNews = w.LogNews.OnChannel(projections.Channel)
	w.Reader = queries.New(pool, queries.Config{Wake: w.ProjectNews.Subscribe})
	w.AtEnd(w.Pool.Close)
	w.AtEnd(w.Writer.Close)
	stop := w.Start(context.WithoutCancel(ctx), w.LogNews.Run)
	w.AtEnd(func() { _ = stop() }) // it reports no error
	if _, err := pool.Exec(ctx, createFloors); err != nil {
		return nil, errors.Join(fmt.Errorf("create the schema of the floors: %w", err), w.Close(ctx))
	}
	return w, nil
}

// Start runs parts until the function that it returns is called, which waits for them.
func (w *World) Start(ctx context.Context, parts ...func(context.Context) error) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	group := &errgroup.Group{}
	for _, part := range parts {
		group.Go(func() error { return part(ctx) })
	}
	return func() error {
		cancel()
		return group.Wait()
	}
}

// AtEnd adds what is to be done when the world is closed.
func (w *World) AtEnd(do func()) { w.closers = append(w.closers, do) }

// Close stops everything and leaves an empty schema behind.
func (w *World) Close(ctx context.Context) error {
	for _, end := range slices.Backward(w.closers) {
		end()
	}
	return empty(ctx, w.config.DSN)
}

// empty leaves an empty schema of this program, and none of the floors.
func empty(ctx context.Context, dsn string) error {
	if err := migrations.Reset(ctx, dsn); err != nil {
		return err
	}
	if err := stack.Migrate(ctx, dsn); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, dropFloors); err != nil {
		return fmt.Errorf("drop the schema of the floors: %w", err)
	}
	return nil
}

// Runner makes a runner of its own for a projection.
func (w *World) Runner(p projections.Projection) *runner.Runner {
	return runner.New(w.Pool, w.EventLog, w.LogNews, runner.Config{}, p)
}

// putTablesFirst has a connection find the tables of read models rather than their views.
const putTablesFirst = `
select set_config('search_path', string_agg(quote_ident(schema_name), ', ') || ', ' || current_schema(), false)
  from projection_generations
 where state = 'live'`

// Exec carries out statements one after the other, each in a transaction of its own. The names of read models are those of the live
// tables.
func (w *World) Exec(ctx context.Context, statements ...string) error {
	conn, err := pgx.Connect(ctx, w.config.DSN)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, statement := range append([]string{putTablesFirst}, statements...) {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// Broker is an embedded NATS server that a world ends with.
type Broker struct {
	Conn *nats.Conn
	Js   jetstream.JetStream
}

// StartBroker starts a NATS server that ends with the world.
func (w *World) StartBroker() (*Broker, error) {
	server, err := standalone.StartNATS(standalone.NATSConfig{DataDir: w.config.Dir, Addr: "127.0.0.1:0", Log: w.config.Log})
	if err != nil {
		return nil, err
	}
	w.AtEnd(server.Stop)
	conn, err := nats.Connect(server.URL(), nats.Name(ApplicationName))
	if err != nil {
		return nil, fmt.Errorf("connect to NATS: %w", err)
	}
	w.AtEnd(conn.Close)
	js, err := jetstream.New(conn)
	return &Broker{conn, js}, err
}

// Relay makes a runner of its own that fans out what was projected.
func (w *World) Relay(nats *Broker) (*runner.Runner, error) {
	relay, err := fanout.New(w.Pool, w.EventLog, nats.Conn, fanout.Config{})
	if err != nil {
		return nil, err
	}
	return runner.NewSink(w.Pool, w.EventLog, w.ProjectNews, runner.Config{Log: w.config.Log}, relay), nil
}

// DeleteStream removes a stream, which need not be there.
func (n *Broker) DeleteStream(ctx context.Context, name string) error {
	err := n.Js.DeleteStream(ctx, name)
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("delete stream %s: %w", name, err)
	}
	return nil
}
