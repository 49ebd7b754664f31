package stack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/database"
	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/migrations"
)

// Stack is the whole of AUREN running in one process.
type Stack struct {
	*Services
	NATSURL  string
	httpAddr net.Addr
	Private  bool // the stack runs its own PostgreSQL
}

// StartStack starts every part that the settings do not place elsewhere. If it fails, the parts that it has started
// are in the lifecycle, for the caller to stop.
func (s *Settings) StartStack(ctx context.Context, l *Lifecycle) (*Stack, error) {
	dsn, err := s.startPostgres(ctx, l)
	if err != nil {
		return nil, err
	}
	natsURL, err := s.startNATS(l)
	if err != nil {
		return nil, err
	}
	if _, err := s.PrepareSchema(ctx, dsn, "auren up"); err != nil {
		return nil, err
	}
	services, err := s.StartServices(ctx, l, dsn, "up")
	if err != nil {
		return nil, err
	}
	if err := services.StartProjector(natsURL); err != nil {
		return nil, err
	}
	addr, err := services.StartHTTP(ctx, s.Config.HTTPAddr)
	if err != nil {
		return nil, err
	}
	all := &Stack{Services: services, NATSURL: natsURL, httpAddr: addr, Private: s.Config.DSN == ""}
	return all, all.publishAddresses()
}

// URL returns the URL of the API as seen from this machine, even if it listens on every address.
func (s *Stack) URL() string {
	if tcp, ok := s.httpAddr.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", tcp.Port)
	}
	return "http://" + s.httpAddr.String()
}

// startPostgres returns the DSN of the configured database, or starts a private server.
func (s *Settings) startPostgres(ctx context.Context, l *Lifecycle) (dsn string, err error) {
	if s.Config.DSN != "" {
		return string(s.Config.DSN), nil
	}
	config := standalone.PostgresConfig{DataDir: s.Config.DataDir, Log: s.Log, Progress: s.Notice}
	server, err := startPrivatePostgres(ctx, config)
	if _, missing := errors.AsType[*standalone.NotInstalledError](err); missing {
		if err := s.InstallPostgres(ctx); err != nil {
			return "", err
		}
		server, err = startPrivatePostgres(ctx, config)
	}
	if err != nil {
		return "", err
	}
	l.add("postgresql", server.stop)
	l.run("watcher of postgresql", server.watch)
	return server.current().DSN(), nil
}

// InstallPostgres installs the packages of PostgreSQL if this account may do so.
func (s *Settings) InstallPostgres(ctx context.Context) error {
	s.Notice("PostgreSQL is not installed; trying to install it")
	return standalone.InstallPostgres(ctx, s.Stderr)
}

// startNATS returns the URL of the configured server, or starts an embedded one.
func (s *Settings) startNATS(l *Lifecycle) (url string, err error) {
	if s.Config.NATSURL != "" {
		return string(s.Config.NATSURL), nil
	}
	if s.Config.NATSReplicas > 1 {
		return "", domain.Errorf(domain.Invalid, "--nats-replicas (AUREN_NATS_REPLICAS) must be 1 for the embedded NATS server, got %d; name a cluster with --nats-url (AUREN_NATS_URL)",
			s.Config.NATSReplicas)
	}
	server, err := standalone.StartNATS(standalone.NATSConfig{DataDir: s.Config.DataDir, Addr: s.Config.NATSAddr, Log: s.Log})
	if err != nil {
		return "", err
	}
	l.add("nats", func(ctx context.Context) error { return within(ctx, server.Stop) })
	return server.URL(), nil
}

// Prepared is what PrepareSchema found and did.
type Prepared struct {
	Created        bool // the database
	Before, Latest int64
	Target         string
}

// PrepareSchema creates the database if it is missing and migrates its schema, which may take minutes with many memories.
func (s *Settings) PrepareSchema(ctx context.Context, dsn, name string) (did Prepared, err error) {
	pool, err := s.connectTo(ctx, dsn, name)
	if errors.Is(err, database.ErrMissing) {
		if did.Created, err = migrations.CreateDatabase(ctx, dsn); err == nil {
			pool, err = s.connectTo(ctx, dsn, name)
		}
	}
	if err != nil {
		return did, err
	}
	defer pool.Close()
	did.Target = database.Target(pool)
	if did.Before, did.Latest, err = migrations.Version(ctx, pool); err != nil {
		return did, err
	}
	if did.Before > 0 && did.Before < did.Latest {
		s.Notice(fmt.Sprintf("migrating the schema from version %d to %d", did.Before, did.Latest))
	}
	return did, Migrate(ctx, dsn)
}

// privatePostgres keeps the server of the data directory running: it restarts one that dies, at the same address.
type privatePostgres struct {
	config standalone.PostgresConfig

	mu      sync.Mutex
	running *standalone.Postgres
}

func startPrivatePostgres(ctx context.Context, config standalone.PostgresConfig) (*privatePostgres, error) {
	running, err := standalone.StartPostgres(ctx, config)
	if err != nil {
		return nil, err
	}
	return &privatePostgres{config: config, running: running}, nil
}

func (p *privatePostgres) current() *standalone.Postgres {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.running
}

// watch restarts the server whenever it dies, until ctx ends.
func (p *privatePostgres) watch(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.current().Done():
		}
		p.config.Log.Error("postgresql died; starting it again", zap.Error(p.current().Err()))
		p.restart(ctx)
	}
}

func (p *privatePostgres) restart(ctx context.Context) {
	const shortest, longest = 100 * time.Millisecond, 10 * time.Second
	for pause := shortest; ctx.Err() == nil; pause = min(2*pause, longest) {
		running, err := standalone.StartPostgres(ctx, p.config)
		if err == nil {
			p.mu.Lock()
			p.running = running
			p.mu.Unlock()
			return
		}
		p.config.Log.Error("postgresql could not be started; trying again", zap.Error(err))
		select {
		case <-ctx.Done():
		case <-time.After(pause/2 + rand.N(pause)): //nolint:gosec // jitter, not a secret
		}
	}
}

// stop shuts the server down; watch must have ended.
func (p *privatePostgres) stop(ctx context.Context) error { return p.current().Stop(ctx) }
