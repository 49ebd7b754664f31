// Package commands holds the use cases that change memories: load the stream, fold it, let
// domain/memory decide, append at the version that was read, and on a conflict load and decide again.
//
// A command id makes a command idempotent for as long as the log lives: the same id and the same body returns the
// first outcome, the same id and another body is an error of kind Reused. Commands never touch a read model.
package commands

import (
	"cmp"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

// Config tunes a Handler; its zero value works.
type Config struct {
	// Now is the clock; default time.Now.
	Now func() time.Time
	// NewID makes the ids of memories and events; default version 7 UUIDs, which are ordered by time.
	NewID func() uuid.UUID
	// MaxAttempts is how often a command without an expected version is decided before it fails for conflicts with
	// other processes; default 20.
	MaxAttempts int
	// Tracer makes the span of each command; default none.
	Tracer trace.Tracer
}

// Handler executes commands. It is safe for concurrent use.
type Handler struct {
	log    *eventstore.Log
	writer *writer.Writer
	config Config
	// changing serializes the commands of this process on one memory: concurrent ones would only conflict and be decided
	// again. Correctness depends on the expected versions of the log alone.
	changing keyedMutex[memory.Key]
}

// New makes a handler that reads a log and appends to it through a writer.
func New(log *eventstore.Log, appends *writer.Writer, config Config) *Handler {
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.NewID == nil {
		config.NewID = func() uuid.UUID { return uuid.Must(uuid.NewV7()) }
	}
	config.MaxAttempts = cmp.Or(config.MaxAttempts, 20)
	config.Tracer = cmp.Or[trace.Tracer](config.Tracer, noop.Tracer{})
	return &Handler{log: log, writer: appends, config: config}
}

// Request holds what all commands have: the tenant, the sender, a reason and a condition.
type Request struct {
	Tenant domain.Tenant
	Meta   domain.Meta
	// Reason is why, in the actor's words, at most domain.MaxReason characters; default none.
	Reason string
	// ExpectedVersion is the version that the memory must be at; 0 means any.
	ExpectedVersion int
}

func (r Request) check() (_ Request, err error) {
	if r.Meta, err = r.Meta.Check(); err != nil {
		return r, err
	}
	if err := domain.CheckText("reason", r.Reason, domain.MaxReason); err != nil {
		return r, err
	}
	if r.ExpectedVersion < 0 {
		return r, domain.Invalidf("expected_version", "must be 1 or more, got %d", r.ExpectedVersion)
	}
	return r, nil
}

// prepare checks a request and makes a command without its writes. A repeated command id must have the same name, id and
// body; body is nil for a command without one.
func prepare(req Request, name string, id uuid.UUID, body func() canonjson.Value) (Request, eventstore.Command, error) {
	req, err := req.check()
	if err != nil {
		return req, eventstore.Command{}, err
	}
	c := eventstore.Command{Tenant: req.Tenant, ID: req.Meta.CommandID}
	if c.ID == "" {
		return req, c, nil
	}
	var told canonjson.Value
	if body != nil {
		told = body()
	}
	c.Fingerprint = eventstore.Fingerprint(canonjson.NewObject(make([]byte, 0, len(told.Raw())+256)).
		Value("body", told).
		Text("command", name).
		Int("expected_version", int64(req.ExpectedVersion)).
		Text("id", id.String()).
		Text("reason", req.Reason).
		Done().Raw())
	return req, c, nil
}

// Receipt is the answer to a command: the memory's id, its version, and its last event.
type Receipt struct {
	ID         uuid.UUID `json:"id"`
	Version    int       `json:"version"`
	SequenceID int64     `json:"sequence_id"`
	EventID    uuid.UUID `json:"event_id"`
}

func receiptOf(w eventstore.WriteResult) Receipt {
	return Receipt{ID: w.StreamID, Version: w.Version, SequenceID: w.SequenceID, EventID: w.EventID}
}

// streamAppend makes an append to the stream of a memory, which must be at the expected version.
func (h *Handler) streamAppend(req Request, s memory.Snapshot, occurredAt time.Time, events ...memory.Event) eventstore.StreamAppend {
	w := eventstore.StreamAppend{StreamID: s.ID, Expected: s.Version, AgentID: s.AgentID, UserID: s.UserID}
	for _, event := range events {
		w.Events = append(w.Events, h.newEvent(req, event, occurredAt))
	}
	return w
}

func (h *Handler) newEvent(req Request, event memory.Event, occurredAt time.Time) eventstore.NewEvent {
	encoded := memory.Encode(event)
	contents := encoded.Contents
	if req.Reason != "" {
		contents = contents.With("reason", canonjson.Text(req.Reason))
	}
	return eventstore.NewEvent{
		ID: h.config.NewID(), Type: encoded.Type, SchemaVersion: encoded.SchemaVersion,
		Payload: encoded.Payload, Contents: contents, Meta: req.Meta, OccurredAt: occurredAt,
	}
}

// end ends the span of a command with its outcome.
func end(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}
