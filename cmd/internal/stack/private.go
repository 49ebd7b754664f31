package stack

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/auren-memory/auren/deploy/standalone"
)

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
