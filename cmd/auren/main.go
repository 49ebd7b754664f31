// Auren is the memory of AI agents, kept as an event-sourced, auditable record in PostgreSQL: this is its binary,
// with the server, the projector, the tools of operators and analysts, and a stack that needs no configuration.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// version is stamped by the build.
var version = "dev"

// gcPercent is how much the heap may grow between collections. It is small and lives shortly: at Go's default of 100
// to collect it takes a fifth of the time of a server under load.
const gcPercent = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the work in order; from then on signals have their usual effect, so a second one ends
	// the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
