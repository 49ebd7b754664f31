package cli

import (
	"context"

	"github.com/auren-memory/auren/cmd/internal/api"
)

// Confidence is `auren confidence`.
type Confidence struct {
	memoryArgument
	Confidence float64 `arg:"" help:"How sure the agent is, 0 to 1."`
	changing
}

// Run sets the confidence.
func (c *Confidence) Run(ctx context.Context, a *App) error {
	return writeOne(ctx, a, &c.writing, "adjusted", api.AdjustConfidence,
		api.AdjustConfidenceRequest{MemoryID: c.memory(), Confidence: c.Confidence, Conditions: c.conditions()})
}
