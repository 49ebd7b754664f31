package commands

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// Revise changes the type, content, metadata or validity of an active memory; at least one of them must be given.
func (h *Handler) Revise(ctx context.Context, req Request, id uuid.UUID, r memory.Revision) (Receipt, error) {
	if r.IsZero() {
		return Receipt{}, domain.Invalidf("", "content, metadata, memory_type, valid_from or valid_to must be given")
	}
	return h.change(ctx, req, "revise", id, r.JSON, func(m *memory.Memory, now time.Time) (memory.Event, error) {
		return m.Revise(r, now)
	})
}

// AdjustConfidence sets the confidence of an active memory, 0..1.
func (h *Handler) AdjustConfidence(ctx context.Context, req Request, id uuid.UUID, confidence float64) (Receipt, error) {
	body := func() canonjson.Value { return canonjson.NewObject(nil).Float("confidence", confidence).Done() }
	return h.change(ctx, req, "adjust_confidence", id, body, func(m *memory.Memory, now time.Time) (memory.Event, error) {
		return m.AdjustConfidence(confidence, now)
	})
}

// RecordEvidence moves the confidence of an active memory by the weight of the evidence.
func (h *Handler) RecordEvidence(ctx context.Context, req Request, id uuid.UUID, e memory.Evidence) (Receipt, error) {
	return h.change(ctx, req, "record_evidence", id, e.JSON, func(m *memory.Memory, now time.Time) (memory.Event, error) {
		return m.RecordEvidence(e, now)
	})
}

// SetExpiry says when an active memory expires; nil means never.
func (h *Handler) SetExpiry(ctx context.Context, req Request, id uuid.UUID, expiresAt *time.Time) (Receipt, error) {
	body := func() canonjson.Value { return canonjson.NewObject(nil).Time("expires_at", expiresAt).Done() }
	return h.change(ctx, req, "set_expiry", id, body, func(m *memory.Memory, now time.Time) (memory.Event, error) {
		return m.SetExpiry(expiresAt, now)
	})
}

// Forget hides a memory until it is restored; it writes nothing if the memory is already forgotten.
func (h *Handler) Forget(ctx context.Context, req Request, id uuid.UUID) (Receipt, error) {
	return h.change(ctx, req, "forget", id, nil, (*memory.Memory).Forget)
}

// Restore brings a forgotten or expired memory back; it writes nothing if the memory is active.
func (h *Handler) Restore(ctx context.Context, req Request, id uuid.UUID) (Receipt, error) {
	return h.change(ctx, req, "restore", id, nil, (*memory.Memory).Restore)
}

// decision decides, from the current memory, which event to append; nil if none.
type decision func(m *memory.Memory, now time.Time) (memory.Event, error)

// change executes a command on an existing memory. A repeated command id must have the same name and body.
func (h *Handler) change(ctx context.Context, req Request, name string, id uuid.UUID, body func() canonjson.Value, decide decision) (_ Receipt, err error) {
	ctx, span := h.config.Tracer.Start(ctx, name)
	defer func() { end(span, err) }()
	req, command, err := prepare(req, name, id, body)
	if err != nil {
		return Receipt{}, err
	}
	unlock, err := h.changing.lock(ctx, memory.Key{Tenant: req.Tenant, ID: id})
	if err != nil {
		return Receipt{}, err
	}
	defer unlock()
	for attempt := 1; ; attempt++ {
		receipt, err := h.attempt(ctx, req, command, id, decide)
		if err != nil {
			// This very command, sent through another process at the same time, may have caused the error.
			if first, ok, lookErr := h.firstOutcome(ctx, command); ok && lookErr == nil {
				return first, nil
			}
		}
		conflict, ok := errors.AsType[*domain.VersionConflictError](err)
		if !ok || req.ExpectedVersion > 0 {
			return receipt, err
		}
		if attempt == h.config.MaxAttempts {
			return Receipt{}, domain.Errorf(domain.Unavailable, "memory %s changed %d times while the command was being decided; try again", conflict.Stream, attempt)
		}
		if err := backOff(ctx, attempt); err != nil {
			return Receipt{}, err
		}
	}
}

// changed is change for a command without a body; it tells whether an event was written.
func (h *Handler) changed(ctx context.Context, req Request, name string, id uuid.UUID, decide decision) (_ Receipt, wrote bool, err error) {
	receipt, err := h.change(ctx, req, name, id, nil, func(m *memory.Memory, now time.Time) (memory.Event, error) {
		event, err := decide(m, now)
		wrote = event != nil
		return event, err
	})
	return receipt, wrote && err == nil, err
}

func (h *Handler) attempt(ctx context.Context, req Request, command eventstore.Command, id uuid.UUID, decide decision) (Receipt, error) {
	if first, ok, err := h.firstOutcome(ctx, command); ok || err != nil {
		return first, err
	}
	l, err := h.load(ctx, req.Tenant, id)
	if err != nil {
		return Receipt{}, err
	}
	m, last := l.memory, l.last
	if req.ExpectedVersion > 0 && req.ExpectedVersion != m.Version() {
		return Receipt{}, &domain.VersionConflictError{Stream: id.String(), Expected: req.ExpectedVersion, Actual: m.Version()}
	}
	now := h.config.Now()
	event, err := decide(m, now)
	if err != nil {
		return Receipt{}, err
	}
	if event == nil && command.ID == "" {
		return Receipt{ID: id, Version: m.Version(), SequenceID: last.SequenceID, EventID: last.ID}, nil
	}
	// A decision to change nothing is recorded under the command id, too: the same command, repeated later, must not
	// do something else.
	var events []memory.Event
	if event != nil {
		events = append(events, event)
	}
	command.Writes = []eventstore.StreamAppend{h.streamAppend(req, m.Snapshot(), now, events...)}
	return h.append(ctx, command)
}

// append appends a command that has one write.
func (h *Handler) append(ctx context.Context, command eventstore.Command) (Receipt, error) {
	result, err := h.writer.Append(ctx, command)
	if err != nil {
		return Receipt{}, err
	}
	if conflict := result.Writes[0].Conflict; conflict != nil {
		return Receipt{}, conflict
	}
	return receiptOf(result.Writes[0]), nil
}

// firstOutcome returns the outcome of the command's first execution; ok is false if there was none.
func (h *Handler) firstOutcome(ctx context.Context, command eventstore.Command) (_ Receipt, ok bool, _ error) {
	if command.ID == "" {
		return Receipt{}, false, nil
	}
	first, ok, err := h.writer.Outcome(ctx, command.Tenant, command.ID, command.Fingerprint)
	if !ok || err != nil {
		return Receipt{}, false, err
	}
	return receiptOf(first.Writes[0]), true, nil
}

// backOff waits longer after each attempt, with jitter, so that conflicting processes do not retry in step.
func backOff(ctx context.Context, attempt int) error {
	longest := min(time.Duration(attempt)*2*time.Millisecond, 50*time.Millisecond)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rand.N(longest)):
		return nil
	}
}
