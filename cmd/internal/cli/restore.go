package cli

import (
	"context"

	"github.com/auren-memory/auren/cmd/internal/api"
)

// Restore is `auren restore`.
type Restore struct {
	memoryArgument
	changing
}

// Run brings one memory back.
func (c *Restore) Run(ctx context.Context, a *App) error {
	return writeOne(ctx, a, &c.writing, "restored", api.Restore, api.RestoreRequest{MemoryID: c.memory(), Conditions: c.conditions()})
}
