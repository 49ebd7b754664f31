package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/auren-memory/auren/commands"
)

// Conditions are what every command on an existing memory may say in its body. DELETE, which has no body, says it in
// the query of the URL.
type Conditions struct {
	ExpectedVersion *int   `json:"expected_version,omitempty" minimum:"1" maximum:"2147483647" doc:"The version that the memory must be at, else 409; If-Match says the same, else 412."`
	Reason          string `json:"reason,omitempty" maxLength:"2000" doc:"Why, for whoever reads the history."`
}

func (c Conditions) conditions() Conditions { return c }

// changeBody is a body that embeds Conditions.
type changeBody interface{ conditions() Conditions }

type reviseBody struct {
	Content  json.RawMessage `json:"content,omitempty" doc:"The new content, any JSON value; default is to keep it."`
	Metadata json.RawMessage `json:"metadata,omitempty" nullable:"false" doc:"The new metadata, as a whole; default is to keep it."`
	Type     *string         `json:"memory_type,omitempty" minLength:"1" maxLength:"50" doc:"The new type; default is to keep it."`
	Conditions
}

type confidenceBody struct {
	Confidence float64 `json:"confidence" minimum:"0" maximum:"1" doc:"How sure the agent is now."`
	Conditions
}

type evidenceBody struct {
	Supports bool     `json:"supports" doc:"Whether it speaks for the memory or against it."`
	Weight   *float64 `json:"weight,omitempty" minimum:"0" maximum:"1" default:"0.1" doc:"How far it moves the confidence."`
	Note     string   `json:"note,omitempty" maxLength:"2000" doc:"What was observed."`
	Conditions
}

type expiryBody struct {
	ExpiresAt *time.Time `json:"expires_at" doc:"From when on the memory is hidden; null means never."`
	Conditions
}

func (a *api) changing() {
	do := a.server.deps.Commands
	change(a, operation{
		method: http.MethodPatch, path: "/v1/memories/{id}", id: "revise", summary: "Revise",
		detail:  "Changes the content, the metadata or the type. Where nothing changes, nothing is recorded.",
		example: `{"content":{"text":"Sleeps badly after coffee past noon"},"reason":"asked again"}`,
	}, func(ctx context.Context, req commands.Request, c *call[none, reviseBody]) (commands.Receipt, error) {
		b := c.body
		return do.Revise(ctx, req, c.id, commands.Revise{Type: b.Type, Content: b.Content, Metadata: b.Metadata})
	})
	change(a, operation{
		method: http.MethodPost, path: "/v1/memories/{id}/confidence", id: "adjustConfidence",
		summary: "Adjust the confidence", detail: "Sets it to a value.",
		example: `{"confidence":0.9,"reason":"confirmed by the sleep log"}`,
	}, func(ctx context.Context, req commands.Request, c *call[none, confidenceBody]) (commands.Receipt, error) {
		return do.AdjustConfidence(ctx, req, c.id, c.body.Confidence)
	})
	change(a, operation{
		method: http.MethodPost, path: "/v1/memories/{id}/evidence", id: "recordEvidence", summary: "Record evidence",
		detail:  "Moves the confidence c by the weight w: to c + w(1-c) where it supports, to c - wc where it contradicts.",
		example: `{"supports":true,"weight":0.2,"note":"slept well without coffee"}`,
	}, func(ctx context.Context, req commands.Request, c *call[none, evidenceBody]) (commands.Receipt, error) {
		b := c.body
		return do.RecordEvidence(ctx, req, c.id, commands.Evidence{Supports: b.Supports, Weight: b.Weight, Note: b.Note})
	})
	change(a, operation{
		method: http.MethodPost, path: "/v1/memories/{id}/expiry", id: "setExpiry", summary: "Set the expiry",
		detail:  "Says from when on the memory is hidden, or that it never is.",
		example: `{"expires_at":"2031-01-31T00:00:00Z"}`,
	}, func(ctx context.Context, req commands.Request, c *call[none, expiryBody]) (commands.Receipt, error) {
		return do.SetExpiry(ctx, req, c.id, c.body.ExpiresAt)
	})
	change(a, operation{
		method: http.MethodPost, path: "/v1/memories/{id}/restore", id: "restore", summary: "Restore",
		detail:  "Brings a forgotten or expired memory back; one that is active stays as it is. The body may be empty.",
		example: `{"reason":"forgotten by mistake"}`,
	}, func(ctx context.Context, req commands.Request, c *call[none, Conditions]) (commands.Receipt, error) {
		return do.Restore(ctx, req, c.id)
	})
	register(a, operation{
		method: http.MethodDelete, path: "/v1/memories/{id}", id: "forget", summary: "Forget", tag: tagCommands, matches: true,
		detail: "Hides a memory until it is restored; one that is forgotten already stays so.",
	}, func(ctx context.Context, c *call[Conditions, none]) (answer[commands.Receipt], error) {
		return c.change(c.params, func(req commands.Request) (commands.Receipt, error) {
			return do.Forget(ctx, req, c.id)
		})
	})
}

// change registers a command on an existing memory.
func change[B changeBody](a *api, op operation,
	do func(ctx context.Context, req commands.Request, c *call[none, B]) (commands.Receipt, error),
) {
	op.tag, op.matches = tagCommands, true
	register(a, op, func(ctx context.Context, c *call[none, B]) (answer[commands.Receipt], error) {
		return c.change(c.body.conditions(), func(req commands.Request) (commands.Receipt, error) {
			return do(ctx, req, c)
		})
	})
}

// change carries out a command on an existing memory.
func (c *caller) change(on Conditions, do func(commands.Request) (commands.Receipt, error)) (answer[commands.Receipt], error) {
	req, err := c.request(on.Reason, on.ExpectedVersion)
	if err != nil {
		return answer[commands.Receipt]{}, err
	}
	r, err := do(req)
	if err != nil {
		return answer[commands.Receipt]{}, err
	}
	return receiptAnswer(r), nil
}
