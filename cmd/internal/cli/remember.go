package cli

import (
	"context"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain/memory"
)

// Remember is `auren remember`.
type Remember struct {
	Content    string   `arg:"" empty:"" help:"What to remember; - reads it from stdin."`
	Agent      string   `required:"" placeholder:"ID" help:"The agent that remembers."`
	User       string   `required:"" placeholder:"ID" help:"The user it is about."`
	Type       string   `placeholder:"TYPE" help:"What kind of memory it is; default observation."`
	Confidence *float64 `placeholder:"0..1" help:"How sure the agent is; default 0.5."`
	Metadata   string   `placeholder:"JSON" help:"An object to keep with it."`
	IsJSON     bool     `name:"content-json" help:"The content is JSON rather than a text."`
	NoFlag     noFlag   `name:"content" hidden:""`
	ExpiresAt  string   `name:"expires-at" placeholder:"TIME" help:"When it expires and is hidden; default never."`
	OccurredAt string   `name:"occurred-at" placeholder:"TIME" help:"When it happened; default now."`
	ID         string   `name:"id" placeholder:"UUID" help:"The id of the memory; default a new one."`
	writing
}

// Run remembers one thing.
func (c *Remember) Run(ctx context.Context, a *App) error {
	r := commands.Remember{Draft: memory.Draft{AgentID: c.Agent, UserID: c.User, Type: c.Type, Confidence: c.Confidence}, Reason: c.Reason}
	var err error
	if r.Content, err = a.content(c.Content, c.IsJSON); err != nil {
		return err
	}
	if c.Metadata != "" {
		if r.Metadata, err = parseJSON("--metadata", c.Metadata); err != nil {
			return err
		}
	}
	if r.ExpiresAt, err = parseTime("--expires-at", c.ExpiresAt); err != nil {
		return err
	}
	if r.OccurredAt, err = parseTime("--occurred-at", c.OccurredAt); err != nil {
		return err
	}
	if c.ID != "" {
		id, err := parseID("--id", c.ID)
		if err != nil {
			return err
		}
		r.ID = &id
	}
	door, err := a.OpenDoor(ctx, "remember")
	if err != nil {
		return err
	}
	defer door.Close()
	receipt, err := api.Remember.Call(ctx, door, c.caller(a), r)
	if err != nil {
		return err
	}
	return c.answer(a, "remembered", receipt)
}
