package cli

import (
	"context"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
)

// Restore is `auren restore`.
type Restore struct {
	ID string `arg:"" help:"The memory."`
	expecting
	writing
}

// Run brings one memory back.
func (c *Restore) Run(ctx context.Context, a *App) error {
	return c.changeOne(ctx, a, c.ID, "restored", c.ExpectedVersion,
		func(h *commands.Handler, req commands.Request, id uuid.UUID) (commands.Receipt, error) {
			return h.Restore(ctx, req, id)
		})
}
