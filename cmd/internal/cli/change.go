package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
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
	ValidFrom  *time.Time      `name:"valid-from" placeholder:"TIME" help:"From when on it is so in the world; default always."`
	ValidTo    *time.Time      `name:"valid-to" placeholder:"TIME" help:"From when on it is no longer so; default: it stays so."`
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
	a.warnOfPast(c.ExpiresAt)
	return writeOne(ctx, a, &c.writing, "remembered", api.Remember, commands.Remember{ID: c.ID, Reason: c.Reason, OccurredAt: c.OccurredAt, Draft: memory.Draft{
		AgentID: c.Agent, UserID: c.User, Type: c.Type, Confidence: c.Confidence, Content: content, Metadata: c.Metadata, ExpiresAt: c.ExpiresAt,
		ValidFrom: c.ValidFrom, ValidTo: c.ValidTo,
	}})
}

// memoryArgument names the memory that a command is about.
type memoryArgument struct {
	ID uuid.UUID `arg:"" help:"The memory."`
}

func (m memoryArgument) memory() api.MemoryID { return api.MemoryID{ID: m.ID} }

// changing has the flags of the commands on memories that exist.
type changing struct {
	ExpectedVersion int `name:"expected-version" placeholder:"N" help:"Do it only if the memory is at this version."`
	writing
}

// conditions are what a request says besides.
func (c *changing) conditions() api.Conditions {
	on := api.Conditions{Reason: c.Reason}
	if c.ExpectedVersion != 0 {
		on.ExpectedVersion = &c.ExpectedVersion
	}
	return on
}

// Revise is `auren revise`.
type Revise struct {
	memoryArgument
	Content   *string         `arg:"" optional:"" help:"Its new content; - reads it from stdin."`
	IsJSON    bool            `name:"content-json" help:"The content is JSON rather than a text."`
	NoFlag    noFlag          `name:"content" hidden:""`
	Type      string          `placeholder:"TYPE" help:"Its new type."`
	Metadata  canonjson.Value `placeholder:"JSON" help:"Its new metadata, which replace the old."`
	ValidFrom string          `name:"valid-from" placeholder:"TIME|none" help:"From when on it is so in the world; none for always."`
	ValidTo   string          `name:"valid-to" placeholder:"TIME|none" help:"From when on it is no longer so; none if it stays so."`
	changing
}

// Run changes what is named and leaves the rest as it is.
func (c *Revise) Run(ctx context.Context, a *App) error {
	if c.Content == nil && c.Metadata.IsZero() && c.Type+c.ValidFrom+c.ValidTo == "" {
		return UsageError{errors.New("nothing to revise: a content, --type, --metadata, --valid-from or --valid-to is needed")}
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
	var err error
	if r.ValidFrom, err = changedTime("--valid-from", c.ValidFrom); err != nil {
		return err
	}
	if r.ValidTo, err = changedTime("--valid-to", c.ValidTo); err != nil {
		return err
	}
	return writeOne(ctx, a, &c.writing, "revised", api.Revise, api.ReviseRequest{MemoryID: c.memory(), Revision: r, Conditions: c.conditions()})
}

// changedTime reads a flag that is a time, or none to clear it.
func changedTime(flag, text string) (domain.NullableTime, error) {
	switch text {
	case "":
		return domain.NullableTime{}, nil
	case "none":
		return domain.SetTime(nil), nil
	}
	t, err := ParseTime(text)
	if err != nil {
		return domain.NullableTime{}, UsageError{fmt.Errorf("%s %w, or none", flag, err)}
	}
	return domain.SetTime(t), nil
}

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
	a.warnOfPast(at)
	return writeOne(ctx, a, &c.writing, "set the expiry of", api.SetExpiry,
		api.SetExpiryRequest{MemoryID: c.memory(), ExpiresAt: at, Conditions: c.conditions()})
}

// warnOfPast says what an expiry in the past does, which is allowed.
func (a *App) warnOfPast(expiresAt *time.Time) {
	if expiresAt != nil && !expiresAt.After(time.Now()) {
		a.Notice("expires-at is in the past: the memory is expired, and hidden, at once")
	}
}
