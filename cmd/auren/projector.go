package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/auren-memory/auren/cmd/internal/config"
)

// projectorCommand runs a projector, or does something to one that runs elsewhere.
type projectorCommand struct {
	Run  projectorRunCommand  `cmd:"" default:"withargs" help:"Keep the read models up to date; what auren projector does when nothing else is named."`
	Skip projectorSkipCommand `cmd:"" help:"Let a projection go on after an event that it cannot apply."`
}

type projectorRunCommand struct {
	HTTPAddr string `name:"projector-http-addr" env:"AUREN_PROJECTOR_HTTP_ADDR" placeholder:"ADDR" help:"Where to serve /health/live, /health/ready, /metrics and /projections; default: nowhere."`
}

// Run keeps the projections up to date until ctx ends. Any number of projectors may work on one database: leases
// divide the work among them.
func (c *projectorRunCommand) Run(ctx context.Context, a *app) (err error) {
	switch {
	case a.config.DSN == "":
		return usageError{errors.New("projector needs a database: --db-dsn (AUREN_DB_DSN); `auren up` brings its own")}
	case a.config.NATSURL == "":
		return usageError{errors.New("projector needs a NATS server: --nats-url (AUREN_NATS_URL); `auren up` brings its own")}
	}
	if c.HTTPAddr != "" {
		if err := config.CheckAddr(c.HTTPAddr); err != nil {
			return usageError{fmt.Errorf("--projector-http-addr (AUREN_PROJECTOR_HTTP_ADDR) %w", err)}
		}
	}
	p := newParts(a.log)
	defer func() { err = errors.Join(unlessInterrupted(ctx, err), p.stop()) }()
	e, err := a.startEngine(ctx, p, string(a.config.DSN), "projector")
	if err != nil {
		return err
	}
	conn, err := a.connectNATS(string(a.config.NATSURL))
	if err != nil {
		return err
	}
	p.add("nats connection", func(context.Context) error { conn.Close(); return nil })
	if err := e.startProjector(conn); err != nil {
		return err
	}
	a.stdout.printf("auren %s projects\n", version)
	if c.HTTPAddr != "" {
		addr, err := e.startOperations(ctx, c.HTTPAddr)
		if err != nil {
			return err
		}
		a.stdout.printf("health and metrics at http://%s\n", addr)
	}
	if err := p.wait(ctx); err != nil {
		return fmt.Errorf("projector: %w", err)
	}
	return nil
}
