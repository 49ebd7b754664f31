package cli

import (
	"context"

	"github.com/auren-memory/auren/cmd/internal/api"
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
	return changeOne(ctx, a, &c.writing, c.ID, "adjusted", api.AdjustConfidence, func(id api.MemoryID) api.AdjustConfidenceRequest {
		return api.AdjustConfidenceRequest{MemoryID: id, Confidence: c.Confidence, Conditions: c.conditions(&c.writing)}
	})
}
