package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/auren-memory/auren/cmd/internal/stack"
)

// Server is `auren server`.
type Server struct{}

// Run serves the HTTP API until ctx ends. Any number of servers may work on one database.
func (*Server) Run(ctx context.Context, a *App) (err error) {
	if a.Config.DSN == "" {
		return UsageError{errors.New("server needs a database: --db-dsn (AUREN_DB_DSN); `auren up` brings its own")}
	}
	l := stack.NewLifecycle(a.Log)
	defer func() { err = errors.Join(stack.UnlessInterrupted(ctx, err), l.Stop()) }()
	e, err := a.StartServices(ctx, l, string(a.Config.DSN), "server")
	if err != nil {
		return err
	}
	addr, err := e.StartHTTP(ctx, a.Config.HTTPAddr)
	if err != nil {
		return err
	}
	a.Stdout.Printf("auren %s serves http://%s\n", a.Version, addr)
	if err := l.Wait(ctx); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	return nil
}
