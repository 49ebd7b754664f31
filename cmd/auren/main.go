// Auren is the memory of AI agents, kept as an event-sourced, auditable record in PostgreSQL: this is its binary,
// with the server, the projector, the tools of operators and analysts, and a stack that needs no configuration.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

// ballast is counted as heap, but never touched, so it takes no memory. A heap as small as ours would be collected several
// times in the time that it takes to answer a hundred clients; with it, no sooner than after so many more bytes.
const ballast = 48 << 20

func main() {
	counted := make([]byte, ballast)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal ends the work in order; from then on signals have their usual effect, so a second one ends
	// the process at once.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	runtime.KeepAlive(counted)
	os.Exit(code)
}
