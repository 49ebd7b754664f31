package cli

import (
	"context"
	"errors"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/domain/memory"
)

// Revise is `auren revise`.
type Revise struct {
	ID       string  `arg:"" help:"The memory."`
	Content  *string `arg:"" optional:"" help:"Its new content; - reads it from stdin."`
	IsJSON   bool    `name:"content-json" help:"The content is JSON rather than a text."`
	NoFlag   noFlag  `name:"content" hidden:""`
	Type     string  `placeholder:"TYPE" help:"Its new type."`
	Metadata string  `placeholder:"JSON" help:"Its new metadata, which replace the old."`
	expecting
	writing
}

// Run changes what is named and leaves the rest as it is.
func (c *Revise) Run(ctx context.Context, a *App) error {
	if c.Content == nil && c.Metadata == "" && c.Type == "" {
		return UsageError{errors.New("nothing to revise: a content, --type or --metadata is needed")}
	}
	var r memory.Revision
	if c.Content != nil {
		content, err := a.content(*c.Content, c.IsJSON)
		if err != nil {
			return err
		}
		r.Content = content
	}
	if c.Metadata != "" {
		metadata, err := parseJSON("--metadata", c.Metadata)
		if err != nil {
			return err
		}
		r.Metadata = metadata
	}
	if c.Type != "" {
		r.Type = &c.Type
	}
	return changeOne(ctx, a, &c.writing, c.ID, "revised", api.Revise, func(id api.MemoryID) api.ReviseRequest {
		return api.ReviseRequest{MemoryID: id, Revision: r, Conditions: c.conditions(&c.writing)}
	})
}
