// Auren is the memory of AI agents, kept as an event-sourced, auditable record in PostgreSQL: this is its binary,
// with the server, the projector, the tools of operators and analysts, and a stack that needs no configuration.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the work in order; from then on signals have their usual effect, so a second one ends
	// the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
