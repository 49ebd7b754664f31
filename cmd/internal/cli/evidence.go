package cli

import (
	"context"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/domain/memory"
)

// Evidence is `auren evidence`.
type Evidence struct {
	memoryArgument
	Side   string   `arg:"" enum:"for,against" help:"What the observation says: for or against."`
	Note   string   `placeholder:"TEXT" empty:"" help:"What was observed."`
	Weight *float64 `placeholder:"0..1" help:"How much it weighs; default 0.1."`
	changing
}

// Run moves the confidence by the weight of the evidence.
func (c *Evidence) Run(ctx context.Context, a *App) error {
	e := memory.Evidence{Supports: c.Side == "for", Weight: c.Weight, Note: c.Note}
	return writeOne(ctx, a, &c.writing, "recorded", api.RecordEvidence,
		api.RecordEvidenceRequest{MemoryID: c.memory(), Evidence: e, Conditions: c.conditions()})
}
