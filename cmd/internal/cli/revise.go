package cli

import (
	"context"
	"errors"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

// Revise is `auren revise`.
type Revise struct {
	memoryArgument
	Content  *string         `arg:"" optional:"" help:"Its new content; - reads it from stdin."`
	IsJSON   bool            `name:"content-json" help:"The content is JSON rather than a text."`
	NoFlag   noFlag          `name:"content" hidden:""`
	Type     string          `placeholder:"TYPE" help:"Its new type."`
	Metadata canonjson.Value `placeholder:"JSON" help:"Its new metadata, which replace the old."`
	changing
}

// Run changes what is named and leaves the rest as it is.
func (c *Revise) Run(ctx context.Context, a *App) error {
	if c.Content == nil && c.Metadata.IsZero() && c.Type == "" {
		return UsageError{errors.New("nothing to revise: a content, --type or --metadata is needed")}
	}
	r := memory.Revision{Metadata: c.Metadata}
	if c.Content != nil {
		var err error
		if r.Content, err = a.content(*c.Content, c.IsJSON); err != nil {
			return err
		}
	}
	if c.Type != "" {
		r.Type = &c.Type
	}
	return writeOne(ctx, a, &c.writing, "revised", api.Revise, api.ReviseRequest{MemoryID: c.memory(), Revision: r, Conditions: c.conditions()})
}
