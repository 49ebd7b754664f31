package cli

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
)

// Expiry is `auren expiry`.
type Expiry struct {
	ID string `arg:"" help:"The memory."`
	At string `arg:"" help:"A time, or never."`
	expecting
	writing
}

// Run sets when the memory expires.
func (c *Expiry) Run(ctx context.Context, a *App) error {
	var at *time.Time
	if c.At != "never" {
		var err error
		if at, err = parseTime("AT", c.At); err != nil {
			return err
		}
	}
	return c.changeOne(ctx, a, c.ID, "set the expiry of", c.ExpectedVersion,
		func(h *commands.Handler, req commands.Request, id uuid.UUID) (commands.Receipt, error) {
			return h.SetExpiry(ctx, req, id, at)
		})
}
