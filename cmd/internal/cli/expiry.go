package cli

import (
	"context"
	"time"

	"github.com/auren-memory/auren/cmd/internal/api"
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
	return changeOne(ctx, a, &c.writing, c.ID, "set the expiry of", api.SetExpiry, func(id api.MemoryID) api.SetExpiryRequest {
		return api.SetExpiryRequest{MemoryID: id, ExpiresAt: at, Conditions: c.conditions(&c.writing)}
	})
}
