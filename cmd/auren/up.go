package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/migrations"
)

type upCommand struct {
	Demo bool `help:"Import a sample of old JSON files and show what AUREN does with them."`
	Once bool `help:"With --demo: end after the show."`
}

// Run starts everything in this process, but for the servers that the settings name, and stays up until ctx ends.
func (c *upCommand) Run(ctx context.Context, a *app) (err error) {
	if c.Once && !c.Demo {
		return usageError{errors.New("--once goes with --demo")}
	}
	p := newParts(a.log)
	defer func() { err = errors.Join(unlessInterrupted(ctx, err), c.stop(a, p)) }()
	s, err := a.startStack(ctx, p)
	if err != nil {
		return err
	}
	s.announce(a)
	if c.Demo {
		if err := s.demo(ctx); err != nil || c.Once {
			return err
		}
	}
	s.suggest(a)
	return p.wait(ctx)
}

func (*upCommand) stop(a *app, p *parts) error {
	if len(p.added) == 0 {
		return nil
	}
	began := time.Now()
	err := p.stop()
	if err == nil {
		a.stdout.printf("%s\n", a.stdout.paint(dim, "stopped cleanly in "+took(time.Since(began))))
	}
	return err
}

// stack is everything running in one process.
type stack struct {
	*engine
	began    time.Time
	natsURL  string
	httpAddr net.Addr
	private  bool // PostgreSQL is ours
}

func (a *app) startStack(ctx context.Context, p *parts) (*stack, error) {
	s := &stack{began: time.Now()}
	dsn, err := a.startPostgres(ctx, p)
	if err != nil {
		return nil, err
	}
	s.private = a.config.DSN == ""
	if s.natsURL, err = a.startNATS(p); err != nil {
		return nil, err
	}
	if err := a.prepareSchema(ctx, dsn); err != nil {
		return nil, err
	}
	if s.engine, err = a.startEngine(ctx, p, dsn, "up"); err != nil {
		return nil, err
	}
	conn, err := a.connectNATS(s.natsURL)
	if err != nil {
		return nil, err
	}
	p.add("nats connection", func(context.Context) error { conn.Close(); return nil })
	if err := s.startProjector(conn); err != nil {
		return nil, err
	}
	if s.httpAddr, err = s.startHTTP(ctx, a.config.HTTPAddr); err != nil {
		return nil, err
	}
	return s, s.publishAddresses(p)
}

// startPostgres returns the DSN of the configured database, or starts a private server for one.
func (a *app) startPostgres(ctx context.Context, p *parts) (dsn string, err error) {
	if a.config.DSN != "" {
		return string(a.config.DSN), nil
	}
	config := standalone.PostgresConfig{
		DataDir: a.config.DataDir, Log: a.log,
		Progress: func(text string) { a.stderr.printf("%s\n", a.stderr.paint(dim, text)) },
	}
	server, err := startPrivatePostgres(ctx, config)
	if _, missing := errors.AsType[*standalone.NotInstalledError](err); missing {
		if err := a.installPostgres(ctx); err != nil {
			return "", err
		}
		server, err = startPrivatePostgres(ctx, config)
	}
	if err != nil {
		return "", err
	}
	p.add("postgresql", server.stop)
	p.run("watcher of postgresql", server.watch)
	return server.current().DSN(), nil
}

// startNATS returns the URL of the configured server, or starts an embedded one.
func (a *app) startNATS(p *parts) (url string, err error) {
	if a.config.NATSURL != "" {
		return string(a.config.NATSURL), nil
	}
	if a.config.NATSReplicas > 1 {
		return "", usageError{errors.New("--nats-replicas (AUREN_NATS_REPLICAS) is more than 1, and the embedded NATS server is one: name a cluster with --nats-url (AUREN_NATS_URL)")}
	}
	server, err := standalone.StartNATS(standalone.NATSConfig{DataDir: a.config.DataDir, Addr: a.config.NATSAddr, Log: a.log})
	if err != nil {
		return "", err
	}
	p.add("nats", func(ctx context.Context) error { return within(ctx, server.Stop) })
	return server.URL(), nil
}

// prepareSchema creates the database where it is missing and migrates it.
func (a *app) prepareSchema(ctx context.Context, dsn string) error {
	pool, err := database.Open(ctx, database.Config{DSN: dsn, Name: "auren up", Wait: a.config.Wait}, a.log)
	switch {
	case errors.Is(err, database.ErrMissing):
		if _, err := migrations.CreateDatabase(ctx, dsn); err != nil {
			return err
		}
	case err != nil:
		return unreached(ctx, dsn, err)
	default:
		defer pool.Close()
		before, latest, err := migrations.Version(ctx, pool)
		if err != nil {
			return err
		}
		a.announceMigration(before, latest)
	}
	return migrations.Up(ctx, dsn)
}

// announce says what is up, and where.
func (s *stack) announce(a *app) {
	out := a.stdout
	where := "private, in " + filepath.Join(a.config.DataDir, "postgres")
	if !s.private {
		where = a.config.DSN.String()
	}
	nats := maskSecrets(s.natsURL)
	out.printf("%s %s\n", out.paint(bold, "AUREN "+version+" is up"), out.paint(dim, "(after "+took(time.Since(s.began))+")"))
	out.table(2, nil, [][]cell{
		{{"API", dim}, {s.url() + "/v1", cyan}, {s.url() + "/openapi.json", dim}},
		{{"NATS", dim}, {nats, cyan}, {"subjects auren.evt.>", dim}},
		{{"PostgreSQL", dim}, {where, plain}},
	})
}

// url is how this machine reaches the API, also where it listens on every address.
func (s *stack) url() string {
	if tcp, ok := s.httpAddr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", tcp.Port)
	}
	return "http://" + s.httpAddr.String()
}

// suggest says what to try next, to be copied as it stands.
func (s *stack) suggest(a *app) {
	out, self := a.stdout, a.self()
	out.printf("\n%s\n", out.paint(bold, "Try next"))
	curl := "curl -s -H 'content-type: application/json' "
	if a.tenant != domain.DefaultTenant {
		curl += "-H " + quoted("auren-tenant: "+string(a.tenant)) + " "
	}
	for _, line := range []string{
		curl + quoted(s.url()+"/v1/memories") + ` -d '{"agent_id": "fitness_coach", "user_id": "ana", "content": "prefers to train before breakfast"}'`,
		self + ` recall "when does she like to train?" --user ana`,
		curl + quoted(s.url()+"/v1/memories/search") + ` -d '{"query": "when does she like to train?", "user_id": "ana"}'`,
		self + ` replay --follow`,
		self + ` status`,
	} {
		out.printf("  %s\n", line)
	}
	out.printf("\n%s\n", out.paint(dim, "Ctrl-C stops everything in order."))
}

// self is how to call this program for the stack that runs.
func (a *app) self() string {
	self := quoted(os.Args[0])
	if filepath.Base(os.Args[0]) == os.Args[0] {
		self = "auren"
	}
	if standard, err := standalone.DefaultDataDir(); err != nil || a.config.DataDir != standard {
		self += " --data-dir " + quoted(a.config.DataDir)
	}
	if a.tenant != domain.DefaultTenant {
		self += " --tenant " + quoted(string(a.tenant))
	}
	return self
}
