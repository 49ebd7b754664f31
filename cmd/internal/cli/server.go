package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/projections"
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
func (c *ProjectorRun) Run(ctx context.Context, a *App) error {
	if a.Config.DSN != "" && a.Config.NATSURL == "" {
		return UsageError{errors.New("projector needs a NATS server: --nats-url (AUREN_NATS_URL); `auren up` brings its own")}
	}
	if c.HTTPAddr != "" {
		if err := config.CheckAddr(c.HTTPAddr); err != nil {
			return UsageError{fmt.Errorf("--projector-http-addr (AUREN_PROJECTOR_HTTP_ADDR) %w", err)}
		}
	}
	return a.serve(ctx, "projector", func(e *stack.Services) error {
		if err := e.StartProjector(string(a.Config.NATSURL)); err != nil {
			return err
		}
		a.Stdout.Printf("auren %s projects\n", a.Version)
		if c.HTTPAddr == "" {
			return nil
		}
		addr, err := e.StartOperations(ctx, c.HTTPAddr)
		if err == nil {
			a.Stdout.Printf("health and metrics at http://%s\n", addr)
		}
		return err
	})
}

// ProjectorSkip is `auren projector skip`.
type ProjectorSkip struct {
	Projection string `arg:"" help:"The projection that is stopped, as auren status names it."`
	SequenceID int64  `arg:"" name:"sequence_id" help:"The event that it is stopped at."`
	Reason     string `required:"" placeholder:"TEXT" help:"Why; it is kept in the log."`
	Actor      string `env:"AUREN_ACTOR" placeholder:"NAME" help:"Who does it; default: the name of your account."`
	JSON       bool   `help:"Print the answer as JSON."`
}

// Run records in the log that the projection skips the event, which it must be stopped at. Its leader continues
// within a second; every rebuild skips the event, too.
func (c *ProjectorSkip) Run(ctx context.Context, a *App) error {
	client, err := a.Connect(ctx, "projector skip")
	if err != nil {
		return err
	}
	defer client.Close()
	w := writing{Actor: c.Actor, Reason: c.Reason}
	said, err := projections.Skip(ctx, client.Pool, client.Writer, a.Tenant, c.Projection, c.SequenceID, w.request(a).Meta, w.Reason)
	if err != nil {
		return err
	}
	if c.JSON {
		return a.Stdout.JSON(said)
	}
	a.Stdout.Printf("%s event %s of %s  recorded as event %s of stream %s\n",
		a.Stdout.Paint(terminal.Green, "skipped"), terminal.Number(c.SequenceID), c.Projection, terminal.Number(said.SequenceID), said.StreamID)
	return nil
}

// Server is `auren server`.
type Server struct{}

// Run serves the HTTP API until ctx ends. Any number of servers may work on one database.
func (*Server) Run(ctx context.Context, a *App) error {
	return a.serve(ctx, "server", func(e *stack.Services) error {
		addr, err := e.StartHTTP(ctx, a.Config.HTTPAddr)
		if err == nil {
			a.Stdout.Printf("auren %s serves http://%s\n", a.Version, addr)
		}
		return err
	})
}

// serve starts parts on the configured database and keeps them up until ctx ends.
func (a *App) serve(ctx context.Context, name string, start func(*stack.Services) error) (err error) {
	if a.Config.DSN == "" {
		return UsageError{fmt.Errorf("%s needs a database: --db-dsn (AUREN_DB_DSN); `auren up` brings its own", name)}
	}
	l := stack.NewLifecycle(a.Log)
	defer func() { err = errors.Join(stack.UnlessInterrupted(ctx, err), l.Stop()) }()
	e, err := a.StartServices(ctx, l, string(a.Config.DSN), name)
	if err != nil {
		return err
	}
	if err := start(e); err != nil {
		return err
	}
	if err := l.Wait(ctx); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
