package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/auren-memory/auren/cmd/internal/api"
)

// Expiry is `auren expiry`.
type Expiry struct {
	memoryArgument
	At string `arg:"" name:"expires-at" help:"A time, or never."`
	changing
}

// Run sets when the memory expires.
func (c *Expiry) Run(ctx context.Context, a *App) error {
	var at *time.Time
	if c.At != "never" {
		var err error
		if at, err = ParseTime(c.At); err != nil {
			return UsageError{fmt.Errorf("<expires-at> %w", err)}
		}
	}
	return writeOne(ctx, a, &c.writing, "set the expiry of", api.SetExpiry,
		api.SetExpiryRequest{MemoryID: c.memory(), ExpiresAt: at, Conditions: c.conditions()})
}
