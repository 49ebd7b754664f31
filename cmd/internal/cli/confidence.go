package cli

import (
	"context"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
)

// Confidence is `auren confidence`.
type Confidence struct {
	ID         string  `arg:"" help:"The memory."`
	Confidence float64 `arg:"" help:"How sure the agent is, 0 to 1."`
	expecting
	writing
}

// Run sets the confidence.
func (c *Confidence) Run(ctx context.Context, a *App) error {
	return c.changeOne(ctx, a, c.ID, "adjusted", c.ExpectedVersion,
		func(h *commands.Handler, req commands.Request, id uuid.UUID) (commands.Receipt, error) {
			return h.AdjustConfidence(ctx, req, id, c.Confidence)
		})
}
