package commands

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// MaxMemories is how many memories one batch may hold.
const MaxMemories = 1000

// Remember is one memory to remember. Its tags say how it is read and described wherever one is sent.
type Remember struct {
	// ID of the new memory; default a new one.
	ID *uuid.UUID `json:"id,omitempty" doc:"Of the new memory; default is a new one. One that is taken is a conflict."`
	// AgentID, UserID and Content are required; the rest has the defaults of memory.Draft.
	AgentID    string          `json:"agent_id" minLength:"1" maxLength:"100" doc:"The agent that remembers."`
	UserID     string          `json:"user_id" minLength:"1" maxLength:"255" doc:"The user it is about."`
	Type       string          `json:"memory_type,omitempty" maxLength:"50" default:"observation" doc:"What sort of memory it is."`
	Content    json.RawMessage `json:"content" doc:"Any JSON value, of at most 1 MiB."`
	Confidence *float64        `json:"confidence,omitempty" minimum:"0" maximum:"1" default:"0.5" doc:"How sure the agent is."`
	Metadata   json.RawMessage `json:"metadata,omitempty" nullable:"false" doc:"A JSON object of at most 64 KiB to filter by; default {}."`
	ExpiresAt  *time.Time      `json:"expires_at,omitempty" doc:"From when on it is hidden; default never."`
	// OccurredAt is when it happened; default now.
	OccurredAt *time.Time `json:"occurred_at,omitempty" doc:"When it happened; default now."`
	// Reason is why; default the request's.
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Why it is remembered."`
}

// Remember opens a new memory. An ID that is taken is a *domain.VersionConflictError.
func (h *Handler) Remember(ctx context.Context, req Request, r Remember) (_ Receipt, err error) {
	ctx, span := h.config.Tracer.Start(ctx, "remember")
	defer func() { end(span, err) }()
	if req, err = checkRequest(req); err != nil {
		return Receipt{}, err
	}
	write, err := h.opening(req, &r)
	if err != nil {
		return Receipt{}, err
	}
	command, err := newCommand(req, "remember", uuid.Nil, func(out []byte) ([]byte, error) { return r.appendCanonical(out, appendAsItIs) })
	if err != nil {
		return Receipt{}, err
	}
	command.Writes = []eventstore.StreamAppend{write}
	return h.append(ctx, command)
}

// Remembered is what became of one memory of a batch: a Receipt, or an error.
type Remembered struct {
	Receipt Receipt
	Err     error
}

// RememberBatch opens up to MaxMemories memories in one transaction, each with a result of its own: a bad one or
// one whose ID is taken does not touch the others. The error of the whole, besides the ones of the store, is of
// kind Invalid where there are none or too many. A command id covers the batch as a whole.
func (h *Handler) RememberBatch(ctx context.Context, req Request, batch []Remember) (_ []Remembered, err error) {
	ctx, span := h.config.Tracer.Start(ctx, "remember_batch")
	defer func() { end(span, err) }()
	if len(batch) == 0 || len(batch) > MaxMemories {
		return nil, domain.Invalidf("memories", "holds %d; 1 to %d are allowed", len(batch), MaxMemories)
	}
	req, command, err := prepare(req, "remember_batch", uuid.Nil, batch)
	if err != nil {
		return nil, err
	}
	results := make([]Remembered, len(batch))
	var written []int
	for i, r := range batch {
		write, err := h.opening(req, &r)
		if err != nil {
			results[i].Err = err
			continue
		}
		written = append(written, i)
		command.Writes = append(command.Writes, write)
	}
	if len(written) == 0 {
		return results, nil
	}
	result, err := h.store.Append(ctx, command)
	if err != nil {
		return nil, err
	}
	for n, w := range result.Writes {
		if w.Conflict != nil {
			results[written[n]].Err = w.Conflict
		} else {
			results[written[n]].Receipt = receiptOf(w)
		}
	}
	return results, nil
}

// opening makes the write that opens a memory's stream, and the content canonical.
func (h *Handler) opening(req Request, r *Remember) (eventstore.StreamAppend, error) {
	event, err := memory.Remember(memory.Draft{
		AgentID: r.AgentID, UserID: r.UserID, Type: r.Type, Content: r.Content, Confidence: r.Confidence,
		Metadata: r.Metadata, ExpiresAt: r.ExpiresAt,
	})
	if err != nil {
		return eventstore.StreamAppend{}, err
	}
	r.Content = event.Content
	occurredAt := h.config.Now()
	if r.OccurredAt != nil {
		occurredAt = *r.OccurredAt
	}
	if occurredAt, err = memory.OccurredAt(occurredAt); err != nil {
		return eventstore.StreamAppend{}, err
	}
	id := h.config.NewID()
	if r.ID != nil {
		if id = *r.ID; id == uuid.Nil {
			return eventstore.StreamAppend{}, domain.Invalidf("id", "is the nil UUID; any other UUID is allowed")
		}
	}
	meta := req.Meta
	if r.Reason != "" {
		if err := domain.CheckText("reason", r.Reason, domain.MaxReason); err != nil {
			return eventstore.StreamAppend{}, err
		}
		meta.Reason = r.Reason
	}
	first, err := h.newEvent(event, meta, occurredAt)
	if err != nil {
		return eventstore.StreamAppend{}, err
	}
	return eventstore.StreamAppend{
		StreamID: id, Expected: eventstore.None, AgentID: r.AgentID, UserID: r.UserID,
		Events: []eventstore.NewEvent{first},
	}, nil
}
