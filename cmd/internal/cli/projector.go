package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/stack"
)

// Projector runs a projector, or does something to one that runs elsewhere.
type Projector struct {
	Run  ProjectorRun  `cmd:"" default:"withargs" help:"Keep the read models up to date; what auren projector does when nothing else is named."`
	Skip ProjectorSkip `cmd:"" help:"Let a projection go on after an event that it cannot apply."`
}

// ProjectorRun is `auren projector`.
type ProjectorRun struct {
	HTTPAddr string `name:"projector-http-addr" env:"AUREN_PROJECTOR_HTTP_ADDR" placeholder:"ADDR" help:"Where to serve /health/live, /health/ready, /metrics and /projections; default: nowhere."`
}

// Run keeps the projections up to date until ctx ends. Any number of projectors may work on one database: leases
// divide the work among them.
func (c *ProjectorRun) Run(ctx context.Context, a *App) (err error) {
	switch {
	case a.Config.DSN == "":
		return UsageError{errors.New("projector needs a database: --db-dsn (AUREN_DB_DSN); `auren up` brings its own")}
	case a.Config.NATSURL == "":
		return UsageError{errors.New("projector needs a NATS server: --nats-url (AUREN_NATS_URL); `auren up` brings its own")}
	}
	if c.HTTPAddr != "" {
		if err := config.CheckAddr(c.HTTPAddr); err != nil {
			return UsageError{fmt.Errorf("--projector-http-addr (AUREN_PROJECTOR_HTTP_ADDR) %w", err)}
		}
	}
	l := stack.NewLifecycle(a.Log)
	defer func() { err = errors.Join(stack.UnlessInterrupted(ctx, err), l.Stop()) }()
	e, err := a.StartServices(ctx, l, string(a.Config.DSN), "projector")
	if err != nil {
		return err
	}
	if err := e.StartProjector(string(a.Config.NATSURL)); err != nil {
		return err
	}
	a.Stdout.Printf("auren %s projects\n", a.Version)
	if c.HTTPAddr != "" {
		addr, err := e.StartOperations(ctx, c.HTTPAddr)
		if err != nil {
			return err
		}
		a.Stdout.Printf("health and metrics at http://%s\n", addr)
	}
	if err := l.Wait(ctx); err != nil {
		return fmt.Errorf("projector: %w", err)
	}
	return nil
}
