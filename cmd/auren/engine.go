package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/cmd/internal/observe"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/fanout"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/queries"
)

// engine is what a server and a projector have in common: the pool, the log, and who wakes whom.
type engine struct {
	*client
	parts       *parts
	traces      observe.Traces
	registry    *prometheus.Registry
	checks      []observe.Check
	logNews     *eventstore.Watcher
	projectNews *eventstore.Watcher

	projectionMetrics *observe.ProjectionMetrics
}

// startEngine connects to a database whose schema must be the one that this program knows.
func (a *app) startEngine(ctx context.Context, p *parts, dsn, name string) (*engine, error) {
	traces, err := observe.NewTraces(ctx, "auren-"+name, version, a.log)
	if err != nil {
		return nil, err
	}
	p.add("traces", func(ctx context.Context) error { traces.Close(ctx); return nil })
	pool, err := database.Open(ctx, database.Config{
		DSN: dsn, Name: "auren " + name, Size: a.config.PoolSize, Overflow: a.config.MaxOverflow, Wait: a.config.Wait,
		Tracer: traces.Queries(),
	}, a.log)
	if err != nil {
		return nil, unreached(ctx, dsn, err)
	}
	if err := migrations.CheckVersion(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	registry := observe.NewRegistry(version)
	appended := observe.NewAppendMetrics(registry).Appended
	e := &engine{
		client: newClient(a, pool, eventstore.Config{
			Appended: func(s eventstore.AppendStats) { appended(observe.Append(s)) }, Tracer: traces.Tracer(),
		}),
		parts:    p,
		traces:   traces,
		registry: registry,
		logNews:  eventstore.NewWatcher(pool, eventstore.LogChannel, a.log),
	}
	e.projectNews = e.logNews.Beside(projections.Channel)
	e.reader = queries.New(pool, queries.Config{Wake: e.projectNews.Subscribe})
	e.registry.MustRegister(observe.NewPoolCollector(pool), observe.NewLagCollector(e.lags, 0), observe.NewLogCollector(e.logs, 0))
	e.checks = []observe.Check{{Name: "database", Do: e.pingDatabase}, {Name: "schema", Do: e.checkSchema}}
	p.add("database", func(ctx context.Context) error { return within(ctx, e.close) })
	p.run("watcher", e.logNews.Run)
	return e, nil
}

// within waits for something that cannot be interrupted, no longer than ctx.
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

func (e *engine) pingDatabase(ctx context.Context) error { return toAnybody(e.pool.Ping(ctx)) }

func (e *engine) checkSchema(ctx context.Context) error {
	return toAnybody(migrations.CheckVersion(ctx, e.pool))
}

// toAnybody leaves of an error what whoever asks for the health may know: not the account, the name and the address of
// the database.
func toAnybody(err error) error {
	if _, known := errors.AsType[*migrations.VersionError](err); known || err == nil || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return errors.New("cannot be reached; the log says why")
}

// startProjector runs all projections, the fan-out to NATS and the sweeper.
func (e *engine) startProjector(conn *nats.Conn) error {
	log := e.app.log
	config := runner.Config{Log: log, Tracer: e.traces.Tracer()}
	e.projectionMetrics = observe.NewProjectionMetrics(e.registry)
	relay, err := fanout.New(e.pool, e.store, conn, fanout.Config{
		MaxAge: e.app.config.NATSMaxAge, MaxBytes: int64(e.app.config.NATSMaxBytes), Replicas: e.app.config.NATSReplicas,
	})
	if err != nil {
		return err
	}
	sweeper := commands.NewSweeper(e.handler, e.due, commands.SweeperConfig{}, log)
	e.checks = append(e.checks, observe.Check{Name: "nats", Do: func(ctx context.Context) error { return pingNATS(ctx, conn) }})

	e.startProjections(readModels(), config)
	seen := e.projectionMetrics.Of(relay.Name())
	fanning := runner.NewSink(e.pool, e.store, e.projectNews, e.observed(config, seen), relay)
	seen.Leading(fanning.Leading)
	e.parts.run("fan-out", fanning.Run)
	e.parts.run("sweeper", sweeper.Run)
	return nil
}

// due finds what the sweeper expires.
func (e *engine) due(ctx context.Context, now time.Time, limit int) ([]commands.Due, error) {
	found, err := e.reader.Due(ctx, now, limit)
	if err != nil {
		return nil, err
	}
	due := make([]commands.Due, len(found))
	for i, m := range found {
		due[i] = commands.Due{Tenant: m.Tenant, ID: m.ID}
	}
	return due, nil
}

// observed lets a projection tell its metrics.
func (*engine) observed(config runner.Config, seen observe.Projection) runner.Config {
	config.Applied = func(_ domain.Tenant, events int) { seen.Applied(events) }
	config.Leased = func(_ domain.Tenant, term int64) { seen.Leased(term) }
	return config
}

// logs tells the metrics how long each log is.
func (e *engine) logs(ctx context.Context) ([]observe.Log, error) {
	heads, err := e.store.Heads(ctx)
	if err != nil {
		return nil, err
	}
	var logs []observe.Log
	for tenant, head := range heads {
		logs = append(logs, observe.Log{Default: tenant == domain.DefaultTenant, Head: head})
	}
	return logs, nil
}

// lags tells the metrics how far each projection is behind.
func (e *engine) lags(ctx context.Context) ([]observe.Lag, error) {
	all, err := projections.ReadStatus(ctx, e.pool)
	if err != nil {
		return nil, err
	}
	lags := make([]observe.Lag, len(all))
	for i, s := range all {
		lags[i] = observe.Lag{
			Projection: s.Projection, Events: s.Lag, Age: time.Duration(s.LagSeconds * float64(time.Second)),
			Led: s.Holder != "", Stuck: s.State == projections.Stuck, Stopped: s.StoppedAt != nil,
		}
	}
	return lags, nil
}

// connectNATS returns a connection that is there or will be: it tries for ever, and says in the log when it waits.
func (a *app) connectNATS(url string) (*nats.Conn, error) {
	log := a.log
	var told string // handlers are called one after the other
	conn, err := nats.Connect(url,
		nats.Name("auren"),
		nats.Timeout(2*time.Second),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(500*time.Millisecond),
		nats.ReconnectJitter(500*time.Millisecond, 500*time.Millisecond),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				log.Warn("nats was lost; waiting for it", zap.String("cause", maskSecrets(err.Error())))
			}
		}),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) {
			// Tried twice a second: each cause is told once. That no server is left is none.
			if cause := maskSecrets(err.Error()); cause != told && !errors.Is(err, nats.ErrNoServers) {
				told = cause
				log.Warn("nats cannot be reached; trying again", zap.String("cause", cause))
			}
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			told = ""
			log.Info("nats is back")
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Warn("nats reports an error", zap.String("cause", maskSecrets(err.Error())))
		}),
	)
	if err != nil {
		return nil, natsUnreached(url, err)
	}
	if !conn.IsConnected() {
		log.Warn("waiting for nats; nothing is fanned out until it is there", zap.Stringer("url", a.config.NATSURL))
	}
	return conn, nil
}

func pingNATS(ctx context.Context, conn *nats.Conn) error {
	if !conn.IsConnected() {
		return fmt.Errorf("not connected")
	}
	if err := conn.FlushWithContext(ctx); err != nil {
		return fmt.Errorf("no answer: %s", maskSecrets(err.Error()))
	}
	return nil
}
