// Auren is an event-sourced, auditable memory for AI agents in PostgreSQL. This binary holds the server, the projector,
// the tools for operators and analysts, and a stack that needs no configuration.
package main

import (
	"context"
	"os"

	"github.com/auren-memory/auren/cmd/internal/terminal"
)

func main() {
	terminal.Main(func(ctx context.Context) int { return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr) })
}
