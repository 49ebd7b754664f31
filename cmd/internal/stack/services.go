package stack

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/cmd/internal/observe"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/fanout"
	"github.com/auren-memory/auren/projections/generation"
	"github.com/auren-memory/auren/projections/rebuild"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/projections/search"
	"github.com/auren-memory/auren/queries"
)

// Services are what a server and a projector share: the pool, the log, and the watchers that wake their parts.
type Services struct {
	*Client
	lifecycle         *Lifecycle
	traces            observe.Traces
	registry          *prometheus.Registry
	checks            []observe.Check
	logWatcher        *eventstore.Watcher
	projectionWatcher *eventstore.Watcher

	// ballast raises the size at which the heap is collected. It is never touched, so it takes no memory. With it, 100 clients
	// remember 12,800 memories a second over HTTP instead of 8,400, and 8 clients 5,000 instead of 3,600 (auren-bench append
	// --quick, medians of three runs each, in turns).
	ballast []byte
}

// StartServices connects to the database; its schema must be the version that this program expects.
func (s *Settings) StartServices(ctx context.Context, l *Lifecycle, dsn, name string) (*Services, error) {
	traces, err := observe.NewTraces(ctx, "auren-"+name, s.Version, s.Log)
	if err != nil {
		return nil, err
	}
	l.add("traces", func(ctx context.Context) error { traces.Close(ctx); return nil })
	pool, err := database.Open(ctx, database.Config{
		DSN: dsn, Name: "auren " + name, Size: s.Config.PoolSize, Overflow: s.Config.MaxOverflow, Wait: s.Config.Wait,
		Tracer: traces.Queries(),
	}, s.Log)
	if err != nil {
		return nil, ExplainConnectError(ctx, dsn, err)
	}
	if err := migrations.CheckVersion(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	registry := observe.NewRegistry(s.Version)
	e := &Services{
		ballast: make([]byte, 48<<20),
		Client: newClient(s, pool, writer.Config{
			Appended: observe.NewAppendMetrics(registry).Appended, Tracer: traces.Tracer(),
		}),
		lifecycle:  l,
		traces:     traces,
		registry:   registry,
		logWatcher: eventstore.NewWatcher(pool, eventstore.LogChannel, s.Log),
	}
	e.projectionWatcher = e.logWatcher.OnChannel(projections.Channel)
	e.Reader = queries.New(pool, queries.Config{Wake: e.projectionWatcher.Subscribe})
	e.registry.MustRegister(observe.NewPoolCollector(pool), observe.NewLagCollector(e.projections), observe.NewLogCollector(e.Events.Heads))
	e.checks = []observe.Check{{Name: "database", Do: e.pingDatabase}, {Name: "schema", Do: e.checkSchema}}
	l.add("database", func(ctx context.Context) error { return within(ctx, e.Close) })
	l.run("watcher", e.logWatcher.Run)
	return e, nil
}

// within waits for a call that cannot be cancelled, but no longer than ctx.
func within(ctx context.Context, do func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Services) pingDatabase(ctx context.Context) error { return publicError(e.Pool.Ping(ctx)) }

func (e *Services) checkSchema(ctx context.Context) error {
	return publicError(migrations.CheckVersion(ctx, e.Pool))
}

// publicError hides what a health check must not reveal: the account, the name and the address of the database.
func publicError(err error) error {
	if _, known := errors.AsType[*migrations.VersionError](err); known || err == nil || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return errors.New("cannot be reached; the log says why")
}

// StartProjector runs all projections, the fan-out to NATS and the sweeper.
func (e *Services) StartProjector(natsURL string) error {
	conn, err := e.connectNATS(natsURL)
	if err != nil {
		return err
	}
	e.lifecycle.add("nats connection", func(context.Context) error { conn.Close(); return nil })
	relay, err := fanout.New(e.Pool, e.Events, conn, fanout.Config{
		MaxAge: e.Config.NATSMaxAge, MaxBytes: int64(e.Config.NATSMaxBytes), Replicas: e.Config.NATSReplicas,
	})
	if err != nil {
		return err
	}
	e.checks = append(e.checks, observe.Check{Name: "nats", Do: func(ctx context.Context) error { return pingNATS(ctx, conn) }})

	metrics := observe.NewProjectionMetrics(e.registry)
	observed := func(name string, build func(runner.Config) *runner.Runner) *runner.Runner {
		seen := metrics.Of(name)
		r := build(runner.Config{
			Log: e.Log, Tracer: e.traces.Tracer(),
			Applied: func(_ string, _ domain.Tenant, events int) { seen.Applied(events) },
			Leased:  func(_ string, _ domain.Tenant, term int64) { seen.Leased(term) },
		})
		seen.Leading(func() int { return r.Leading(name) })
		return r
	}
	for _, p := range ReadModels() {
		r := observed(p.Name(), func(c runner.Config) *runner.Runner { return runner.New(e.Pool, e.Events, e.logWatcher, c, p) })
		e.lifecycle.run("projection "+p.Name(), func(ctx context.Context) error {
			// Programs of an older version go on with their tables until the new ones are live.
			if err := rebuild.Upgrade(ctx, e.Pool, p, rebuild.Config{Log: e.Log}); err != nil {
				return err
			}
			return r.Run(ctx)
		})
	}
	sink := observed(relay.Name(), func(c runner.Config) *runner.Runner {
		return runner.NewSink(e.Pool, e.Events, e.projectionWatcher, c, relay)
	})
	e.lifecycle.run("fan-out", sink.Run)
	e.lifecycle.run("sweeper", commands.NewSweeper(e.Handler, e.Reader.Due, commands.SweeperConfig{}, e.Log).Run)
	return nil
}

// Migrate migrates the schema and creates the missing tables of read models.
func Migrate(ctx context.Context, dsn string) error {
	if err := migrations.Up(ctx, dsn); err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return fmt.Errorf("create the read models: %w", err)
	}
	defer pool.Close()
	return generation.CreateFirst(ctx, pool, ReadModels())
}

// ReadModels returns the projections that keep tables.
func ReadModels() []projections.Projection {
	return []projections.Projection{agentmemories.Projection{}, search.New()}
}
