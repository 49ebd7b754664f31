package cli

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
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
	var r commands.Revise
	if c.Content != nil {
		content, err := a.content(*c.Content, c.IsJSON)
		if err != nil {
			return err
		}
		r.Content = content
	}
	if c.Metadata != "" {
		r.Metadata = json.RawMessage(c.Metadata)
	}
	if c.Type != "" {
		r.Type = &c.Type
	}
	return c.changeOne(ctx, a, c.ID, "revised", c.ExpectedVersion,
		func(h *commands.Handler, req commands.Request, id uuid.UUID) (commands.Receipt, error) {
			return h.Revise(ctx, req, id, r)
		})
}
