package scenario

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/queries"
)

const (
	tenant = domain.DefaultTenant
	// applicationName is how the server knows our connections.
	applicationName = "auren bench"
	// The pool is as large as a server's is when nothing is configured.
	poolSize, poolOverflow = 20, 30
)

// The tables of the floors have a schema of their own. Like that of a rebuild, what is left of it is nobody's.
const (
	dropFloors   = `drop schema if exists auren_bench cascade`
	createFloors = `create schema auren_bench`
)

// world is what a server and a projector work with, on an empty schema.
type world struct {
	dsn         string
	pool        *pgxpool.Pool
	store       *eventstore.Store
	handler     *commands.Handler
	reader      *queries.Reader
	logNews     *eventstore.Watcher
	projectNews *eventstore.Watcher

	stop    context.CancelFunc
	running sync.WaitGroup
	// closers are called last to first.
	closers []func()
}

func openWorld(ctx context.Context, config Config) (*world, error) {
	if err := empty(ctx, config.DSN); err != nil {
		return nil, err
	}
	pool, err := database.Open(ctx, database.Config{DSN: config.DSN, Name: applicationName, Size: poolSize, Overflow: poolOverflow}, config.Log)
	if err != nil {
		return nil, err
	}
	w := &world{dsn: config.DSN, pool: pool, store: eventstore.New(pool, eventstore.Config{})}
	w.handler = commands.New(w.store, commands.Config{})
	w.logNews = eventstore.NewWatcher(pool, eventstore.LogChannel, config.Log)
	w.projectNews = w.logNews.Beside(projections.Channel)
	w.reader = queries.New(pool, queries.Config{Wake: w.projectNews.Subscribe})
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	w.stop = stop
	w.background(background, w.logNews.Run)
	if _, err := pool.Exec(ctx, createFloors); err != nil {
		return nil, errors.Join(fmt.Errorf("create the schema of the floors: %w", err), w.close(ctx))
	}
	return w, nil
}

// background runs parts until their context, or the world, ends.
func (w *world) background(ctx context.Context, parts ...func(context.Context) error) {
	for _, part := range parts {
		w.running.Go(func() { _ = part(ctx) })
	}
}

// started runs parts until the function that it returns is called, which waits for them.
func (w *world) started(ctx context.Context, parts ...func(context.Context) error) (stop func() error) {
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

// atEnd adds what is to be done when the world is closed.
func (w *world) atEnd(do func()) { w.closers = append(w.closers, do) }

func (w *world) close(ctx context.Context) error {
	for i := len(w.closers) - 1; i >= 0; i-- {
		w.closers[i]()
	}
	w.stop()
	w.running.Wait()
	w.store.Close()
	w.pool.Close()
	return empty(ctx, w.dsn)
}

// empty leaves an empty schema of this program, and none of the floors.
func empty(ctx context.Context, dsn string) error {
	if err := migrations.Reset(ctx, dsn); err != nil {
		return err
	}
	if err := migrations.Up(ctx, dsn); err != nil {
		return err
	}
	return withConnection(ctx, dsn, func(c querier) error {
		if _, err := c.Exec(ctx, dropFloors); err != nil {
			return fmt.Errorf("drop the schema of the floors: %w", err)
		}
		return nil
	})
}

// runner makes a runner of its own for a projection.
func (w *world) runner(p projections.Projection) *runner.Runner {
	return runner.New(w.pool, w.store, w.logNews, runner.Config{}, p)
}

// exec carries out statements one after the other, each in a transaction of its own.
func (w *world) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if _, err := w.pool.Exec(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
