// Package commands holds the use cases that change memories, one file each: load the stream, fold it, let
// domain/memory decide, append at the version that was read, and on a conflict load and decide again.
//
// A command id makes a command idempotent for as long as the log lives: the same id and the same body returns the
// first outcome, the same id and another body is an error of kind Reused. Commands never touch a read model.
package commands

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

// Config tunes a Handler; its zero value works.
type Config struct {
	// Now is the clock; default time.Now.
	Now func() time.Time
	// NewID makes the ids of memories and events; default version 7 UUIDs, which are ordered by time.
	NewID func() uuid.UUID
	// MaxAttempts is how often a command without an expected version is decided before a conflict with other
	// processes is given up; default 20.
	MaxAttempts int
	// Tracer makes the span of each command; default none.
	Tracer trace.Tracer
}

// Handler carries out commands. It is safe for concurrent use.
type Handler struct {
	store  *eventstore.Store
	config Config
	turns  turns
}

// New makes a handler on a store.
func New(store *eventstore.Store, config Config) *Handler {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.NewID == nil {
		config.NewID = func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	}
	if config.MaxAttempts == 0 {
		config.MaxAttempts = 20
	}
	if config.Tracer == nil {
		config.Tracer = noop.Tracer{}
	}
	return &Handler{store: store, config: config}
}

// Request says who sends a command to which tenant, and on what condition.
type Request struct {
	Tenant domain.Tenant
	Meta   domain.Meta
	// ExpectedVersion is the version that the memory must be at; 0 means any.
	ExpectedVersion int
}

// Receipt answers a command: where the memory is now.
type Receipt struct {
	ID         uuid.UUID `json:"id"`
	Version    int       `json:"version"`
	SequenceID int64     `json:"sequence_id"`
	EventID    uuid.UUID `json:"event_id"`
}

func receiptOf(w eventstore.WriteResult) Receipt {
	return Receipt{ID: w.StreamID, Version: w.Version, SequenceID: w.SequenceID, EventID: w.EventID}
}

// decision turns a memory as it stands into the event to append, or into none.
type decision func(m *memory.Memory, now time.Time) (memory.Event, error)

// change carries out a command on an existing memory. Name and body are what a repeated command id is compared by.
func (h *Handler) change(ctx context.Context, req Request, name string, id uuid.UUID, body any, decide decision) (_ Receipt, err error) {
	ctx, span := h.config.Tracer.Start(ctx, name)
	defer func() { end(span, err) }()
	req, command, err := prepare(req, name, id, body)
	if err != nil {
		return Receipt{}, err
	}
	// Commands of this process on one memory take turns, else they would only make each other decide again.
	leave, err := h.turns.take(ctx, turn{req.Tenant, id})
	if err != nil {
		return Receipt{}, err
	}
	defer leave()
	for attempt := 1; ; attempt++ {
		receipt, err := h.attempt(ctx, req, command, id, decide)
		if err != nil {
			// What is in the way may be this very command, sent through another process at the same time.
			if first, ok, lookErr := h.firstOutcome(ctx, command); ok && lookErr == nil {
				return first, nil
			}
		}
		conflict, ok := errors.AsType[*domain.VersionConflictError](err)
		if !ok || req.ExpectedVersion > 0 {
			return receipt, err
		}
		if attempt == h.config.MaxAttempts {
			return Receipt{}, domain.Errorf(domain.Unavailable, "%s changed %d times while the command was being decided; try again", conflict.Stream, attempt)
		}
		if err := pause(ctx, attempt); err != nil {
			return Receipt{}, err
		}
	}
}

// prepare checks a request and makes what all attempts at its command have in common.
func prepare(req Request, name string, id uuid.UUID, body any) (Request, eventstore.Command, error) {
	req, err := checkRequest(req)
	if err != nil {
		return req, eventstore.Command{}, err
	}
	c, err := newCommand(req, name, id, func(out []byte) ([]byte, error) { return appendBody(out, body) })
	return req, c, err
}

func checkRequest(req Request) (_ Request, err error) {
	if req.Meta, err = req.Meta.Check(); err != nil {
		return req, err
	}
	if req.ExpectedVersion < 0 {
		return req, domain.Invalidf("expected_version", "is %d; a version from 1 on is allowed", req.ExpectedVersion)
	}
	return req, nil
}

// newCommand makes a command without its writes. Body appends the canonical JSON of what the client sent.
func newCommand(req Request, name string, id uuid.UUID, body func([]byte) ([]byte, error)) (c eventstore.Command, err error) {
	c = eventstore.Command{Tenant: req.Tenant, ID: req.Meta.CommandID}
	if c.ID == "" {
		return c, nil
	}
	if c.Fingerprint, err = fingerprint(req, name, id, body); err != nil {
		return c, domain.Invalidf("", "the command cannot be written as JSON: %v", err)
	}
	return c, nil
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
	// A decision to change nothing is recorded under the command id as well: sent again later, the same command
	// must not do something else.
	write := eventstore.StreamAppend{StreamID: id, Expected: m.Version(), AgentID: m.Snapshot().AgentID, UserID: m.Snapshot().UserID}
	if event != nil {
		recorded, err := h.newEvent(event, req.Meta, now)
		if err != nil {
			return Receipt{}, err
		}
		write.Events = []eventstore.NewEvent{recorded}
	}
	command.Writes = []eventstore.StreamAppend{write}
	return h.append(ctx, command)
}

func (h *Handler) append(ctx context.Context, command eventstore.Command) (Receipt, error) {
	result, err := h.store.Append(ctx, command)
	if err != nil {
		return Receipt{}, err
	}
	if conflict := result.Writes[0].Conflict; conflict != nil {
		return Receipt{}, conflict
	}
	return receiptOf(result.Writes[0]), nil
}

// firstOutcome looks whether a command was carried out before.
func (h *Handler) firstOutcome(ctx context.Context, command eventstore.Command) (Receipt, bool, error) {
	if command.ID == "" {
		return Receipt{}, false, nil
	}
	first, ok, err := h.store.Outcome(ctx, command.Tenant, command.ID, command.Fingerprint)
	if !ok || err != nil {
		return Receipt{}, false, err
	}
	return receiptOf(first.Writes[0]), true, nil
}

func (h *Handler) newEvent(event memory.Event, meta domain.Meta, occurredAt time.Time) (eventstore.NewEvent, error) {
	encoded, schemaVersion, err := memory.Encode(event)
	if err != nil {
		return eventstore.NewEvent{}, err
	}
	payload, err := canonjson.Parse(encoded)
	if err != nil {
		return eventstore.NewEvent{}, err
	}
	return eventstore.NewEvent{
		ID: h.config.NewID(), Type: event.EventType(), SchemaVersion: schemaVersion,
		Payload: payload, Meta: meta, OccurredAt: occurredAt,
	}, nil
}

// pause waits a little longer after each attempt, at random, so that processes in conflict part.
func pause(ctx context.Context, attempt int) error {
	longest := min(time.Duration(attempt)*2*time.Millisecond, 50*time.Millisecond)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rand.N(longest)):
		return nil
	}
}
