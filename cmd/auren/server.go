package main

import (
	"context"
	"errors"
	"fmt"
)

type serverCommand struct{}

// Run serves the HTTP API until ctx ends. Any number of servers may work on one database.
func (*serverCommand) Run(ctx context.Context, a *app) (err error) {
	if a.config.DSN == "" {
		return usageError{errors.New("server needs a database: --db-dsn (AUREN_DB_DSN); `auren up` brings its own")}
	}
	p := newParts(a.log)
	defer func() { err = errors.Join(unlessInterrupted(ctx, err), p.stop()) }()
	e, err := a.startEngine(ctx, p, string(a.config.DSN), "server")
	if err != nil {
		return err
	}
	addr, err := e.startHTTP(ctx, a.config.HTTPAddr)
	if err != nil {
		return err
	}
	a.stdout.printf("auren %s serves http://%s\n", version, addr)
	if err := p.wait(ctx); err != nil {
		return fmt.Errorf("server: %w", err)
	}
	return nil
}
