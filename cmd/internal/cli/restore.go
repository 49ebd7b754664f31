package cli

import (
	"context"

	"github.com/auren-memory/auren/cmd/internal/api"
)

// Restore is `auren restore`.
type Restore struct {
	ID string `arg:"" help:"The memory."`
	expecting
	writing
}

// Run brings one memory back.
func (c *Restore) Run(ctx context.Context, a *App) error {
	return changeOne(ctx, a, &c.writing, c.ID, "restored", api.Restore, func(id api.MemoryID) api.RestoreRequest {
		return api.RestoreRequest{MemoryID: id, Conditions: c.conditions(&c.writing)}
	})
}
