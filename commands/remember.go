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

// MaxMemories bounds the memories of a batch.
const MaxMemories = 1000

// Remember is one memory to remember. Its tags describe it to all transports.
type Remember struct {
	memory.Draft
	// ID of the new memory; default a new one.
	ID *uuid.UUID `json:"id,omitempty" doc:"The id of the new memory, a conflict if it exists already; default is a new one."`
	// OccurredAt is when it happened; default now.
	OccurredAt *time.Time `json:"occurred_at,omitempty" doc:"When it happened; default now."`
	// Reason is why; default the request's.
	Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Why it is remembered."`
}

// Remember opens a new memory. It returns a *domain.VersionConflictError if the ID exists already.
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

// BatchResult is the result for one memory of a batch: a Receipt, or an error.
type BatchResult struct {
	Receipt Receipt
	Err     error
}

// RememberBatch opens up to MaxMemories memories in one transaction, each with a result of its own: an invalid memory or
// one whose ID exists already does not affect the others. It returns the errors of writer.Writer, and one of kind Invalid
// if there are no memories or too many. A command id covers the whole batch.
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

// rememberWrite makes the append that opens a memory's stream.
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
		id = *r.ID
	}
	if err := checkID(id); err != nil {
		return eventstore.StreamAppend{}, err
	}
	if r.Reason != "" {
		if err := domain.CheckText("reason", r.Reason, domain.MaxReason); err != nil {
			return eventstore.StreamAppend{}, err
		}
		req.Reason = r.Reason
	}
	return h.streamAppend(req, memory.Snapshot{ID: id, Fields: event.Fields}, occurredAt, event), nil
}

// json returns what the client sent.
func (r Remember) json() canonjson.Value {
	draft := r.JSON() // the embedded draft alone
	o := canonjson.NewObject(make([]byte, 0, len(draft.Raw())+256)).Value("draft", draft)
	if r.ID != nil {
		o.Text("id", r.ID.String())
	}
	return o.Time("occurred_at", r.OccurredAt).Text("reason", r.Reason).Done()
}

func checkID(id uuid.UUID) error {
	switch {
	case id == uuid.Nil:
		return domain.Invalidf("id", "must not be the nil UUID")
	case eventstore.IsReserved(id):
		return domain.Invalidf("id", "must not begin with 00000000-0000-8, as the ids of AUREN's own streams do")
	}
	return nil
}
