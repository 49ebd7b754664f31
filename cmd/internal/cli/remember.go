package cli

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

// Remember is `auren remember`.
type Remember struct {
	Content    string          `arg:"" empty:"" help:"What to remember; - reads it from stdin."`
	Agent      string          `required:"" placeholder:"ID" help:"The agent that remembers."`
	User       string          `required:"" placeholder:"ID" help:"The user it is about."`
	Type       string          `placeholder:"TYPE" help:"What kind of memory it is; default observation."`
	Confidence *float64        `placeholder:"0..1" help:"How sure the agent is; default 0.5."`
	Metadata   canonjson.Value `placeholder:"JSON" help:"An object to keep with it."`
	IsJSON     bool            `name:"content-json" help:"The content is JSON rather than a text."`
	NoFlag     noFlag          `name:"content" hidden:""`
	ExpiresAt  *time.Time      `name:"expires-at" placeholder:"TIME" help:"When it expires and is hidden; default never."`
	OccurredAt *time.Time      `name:"occurred-at" placeholder:"TIME" help:"When it happened; default now."`
	ID         *uuid.UUID      `name:"id" placeholder:"UUID" help:"The id of the memory; default a new one."`
	writing
}

// Run remembers one thing.
func (c *Remember) Run(ctx context.Context, a *App) error {
	content, err := a.content(c.Content, c.IsJSON)
	if err != nil {
		return err
	}
	return writeOne(ctx, a, &c.writing, "remembered", api.Remember, commands.Remember{ID: c.ID, Reason: c.Reason, OccurredAt: c.OccurredAt, Draft: memory.Draft{
		AgentID: c.Agent, UserID: c.User, Type: c.Type, Confidence: c.Confidence, Content: content, Metadata: c.Metadata, ExpiresAt: c.ExpiresAt,
	}})
}
