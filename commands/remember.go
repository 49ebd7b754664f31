package commands

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// MaxMemories is how many memories one batch may hold.
const MaxMemories = 1000

// Remember is one memory to remember. Its tags say how it is read and described wherever one is sent.
type Remember struct {
	memory.Draft
	// ID of the new memory; default a new one.
	ID *uuid.UUID `json:"id,omitempty" doc:"Of the new memory; default is a new one. One that is taken is a conflict."`
	// OccurredAt is when it happened; default now.
	OccurredAt *time.Time `json:"occurred_at,omitempty" doc:"When it happened; default now."`
	// Reason is why; default the request's.
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Why it is remembered."`
}

// Remember opens a new memory. An ID that is taken is a *domain.VersionConflictError.
func (h *Handler) Remember(ctx context.Context, req Request, r Remember) (_ Receipt, err error) {
	ctx, span := h.config.Tracer.Start(ctx, "remember")
	defer func() { end(span, err) }()
	req, command, err := prepare(req, "remember", uuid.Nil, r.json)
	if err != nil {
		return Receipt{}, err
	}
	write, err := h.rememberWrite(req, r)
	if err != nil {
		return Receipt{}, err
	}
	command.Writes = []eventstore.StreamAppend{write}
	return h.append(ctx, command)
}

// BatchResult is what became of one memory of a batch: a Receipt, or an error.
type BatchResult struct {
	Receipt Receipt
	Err     error
}

// RememberBatch opens up to MaxMemories memories in one transaction, each with a result of its own: a bad one or
// one whose ID is taken does not touch the others. The error of the whole, besides those of writer.Writer, is of
// kind Invalid where there are none or too many. A command id covers the batch as a whole.
func (h *Handler) RememberBatch(ctx context.Context, req Request, batch []Remember) (_ []BatchResult, err error) {
	ctx, span := h.config.Tracer.Start(ctx, "remember_batch")
	defer func() { end(span, err) }()
	if len(batch) == 0 || len(batch) > MaxMemories {
		return nil, domain.Invalidf("memories", "must hold 1 to %d memories, got %d", MaxMemories, len(batch))
	}
	req, command, err := prepare(req, "remember_batch", uuid.Nil, func() canonjson.Value {
		told := make([]canonjson.Value, len(batch))
		for i, r := range batch {
			told[i] = r.json()
		}
		return canonjson.List(told...)
	})
	if err != nil {
		return nil, err
	}
	results := make([]BatchResult, len(batch))
	var written []int
	for i, r := range batch {
		write, err := h.rememberWrite(req, r)
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
	result, err := h.writer.Append(ctx, command)
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

// rememberWrite makes the write that opens a memory's stream.
func (h *Handler) rememberWrite(req Request, r Remember) (eventstore.StreamAppend, error) {
	event, err := memory.Remember(r.Draft)
	if err != nil {
		return eventstore.StreamAppend{}, err
	}
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
			return eventstore.StreamAppend{}, domain.Invalidf("id", "must not be the nil UUID")
		}
	}
	if r.Reason != "" {
		if err := domain.CheckText("reason", r.Reason, domain.MaxReason); err != nil {
			return eventstore.StreamAppend{}, err
		}
		req.Reason = r.Reason
	}
	return h.streamAppend(req, memory.Snapshot{ID: id, Fields: event.Fields}, occurredAt, event), nil
}
