package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain/memory"
)

// MemoryID names the memory that an operation is about.
type MemoryID struct {
	ID uuid.UUID `json:"id" doc:"The memory's id."`
}

// Conditions are what every command on an existing memory may say.
type Conditions struct {
	ExpectedVersion *int   `json:"expected_version,omitempty" nullable:"false" minimum:"1" maximum:"2147483647" doc:"The version that the memory must be at, else 409."`
	Reason          string `json:"reason,omitempty" maxLength:"2000" doc:"Why; it is kept in the history."`
}

// Expect says which version the memory must be at, unless the request does; it returns what it says.
func (c *Conditions) Expect(version int) int {
	if c.ExpectedVersion == nil {
		c.ExpectedVersion = &version
	}
	return *c.ExpectedVersion
}

func (c *Conditions) conditions() *Conditions { return c }

// ReviseRequest changes the content, metadata, type or validity of a memory.
type ReviseRequest struct {
	MemoryID
	memory.Revision
	Conditions
}

// AdjustConfidenceRequest sets the confidence of a memory.
type AdjustConfidenceRequest struct {
	MemoryID
	Confidence float64 `json:"confidence" minimum:"0" maximum:"1" doc:"How sure the agent is now."`
	Conditions
}

// RecordEvidenceRequest records an observation for or against a memory.
type RecordEvidenceRequest struct {
	MemoryID
	memory.Evidence
	Conditions
}

// SetExpiryRequest says when a memory expires.
type SetExpiryRequest struct {
	MemoryID
	ExpiresAt *time.Time `json:"expires_at" doc:"From when on the memory is hidden; null means never."`
	Conditions
}

// RestoreRequest brings a memory back.
type RestoreRequest struct {
	MemoryID
	Conditions
}

// ForgetRequest hides a memory.
type ForgetRequest struct {
	MemoryID
	Conditions
}

// The commands on one memory.
var (
	Revise = change(Operation{
		Name: "revise", Summary: "Revise",
		Detail:  "Changes the content, the metadata, the type or when it is valid. Where nothing changes, nothing is recorded.",
		Example: `{"content":{"text":"Sleeps badly after coffee past noon"},"reason":"asked again"}`,
	}, func(ctx context.Context, do *commands.Handler, req commands.Request, r *ReviseRequest) (commands.Receipt, error) {
		return do.Revise(ctx, req, r.ID, r.Revision)
	})

	AdjustConfidence = change(Operation{
		Name: "adjustConfidence", Summary: "Adjust the confidence", Detail: "Sets it to a value.",
		Example: `{"confidence":0.9,"reason":"confirmed by the sleep log"}`,
	}, func(ctx context.Context, do *commands.Handler, req commands.Request, r *AdjustConfidenceRequest) (commands.Receipt, error) {
		return do.AdjustConfidence(ctx, req, r.ID, r.Confidence)
	})

	RecordEvidence = change(Operation{
		Name: "recordEvidence", Summary: "Record evidence",
		Detail:  "Moves the confidence c by the weight w: to c + w(1-c) where it supports, to c - wc where it contradicts.",
		Example: `{"supports":true,"weight":0.2,"note":"slept well without coffee"}`,
	}, func(ctx context.Context, do *commands.Handler, req commands.Request, r *RecordEvidenceRequest) (commands.Receipt, error) {
		return do.RecordEvidence(ctx, req, r.ID, r.Evidence)
	})

	SetExpiry = change(Operation{
		Name: "setExpiry", Summary: "Set the expiry",
		Detail:  "Says from when on the memory is hidden, or that it never is.",
		Example: `{"expires_at":"2031-01-31T00:00:00Z"}`,
	}, func(ctx context.Context, do *commands.Handler, req commands.Request, r *SetExpiryRequest) (commands.Receipt, error) {
		return do.SetExpiry(ctx, req, r.ID, r.ExpiresAt)
	})

	Restore = change(Operation{
		Name: "restore", Summary: "Restore",
		Detail:  "Brings a forgotten or expired memory back; one that is active stays as it is.",
		Example: `{"reason":"forgotten by mistake"}`,
	}, func(ctx context.Context, do *commands.Handler, req commands.Request, r *RestoreRequest) (commands.Receipt, error) {
		return do.Restore(ctx, req, r.ID)
	})

	Forget = change(Operation{
		Name: "forget", Summary: "Forget",
		Detail:  "Hides a memory until it is restored; one that is forgotten already stays so.",
		Example: `{"reason":"not true"}`,
	}, func(ctx context.Context, do *commands.Handler, req commands.Request, r *ForgetRequest) (commands.Receipt, error) {
		return do.Forget(ctx, req, r.ID)
	})
)

// change defines a command on one memory; its request embeds Conditions.
func change[Q any](op Operation,
	do func(ctx context.Context, do *commands.Handler, req commands.Request, r *Q) (commands.Receipt, error),
) Query[Q, commands.Receipt] {
	op.Scope, op.Idempotent = Write, true
	return define(op, func(s *Service, ctx context.Context, c Caller, r *Q) (answer[commands.Receipt], error) {
		on := any(r).(interface{ conditions() *Conditions }).conditions()
		return receipt(do(ctx, s.deps.Commands, c.command(on.Reason, on.ExpectedVersion), r))
	})
}
