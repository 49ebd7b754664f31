// Auren is an event-sourced, auditable memory for AI agents in PostgreSQL. This binary holds the server, the projector,
// the tools for operators and analysts, and a stack that needs no configuration.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal shuts down gracefully; then signals have their default effect again, so a second one ends the
	// process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
