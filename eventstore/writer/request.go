package writer

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/contents"
)

// saltedEvent is an event to append, with the salt of its contents.
type saltedEvent struct {
	eventstore.Event
	salt contents.Salt
	// fingerprint of the command that the event records, keyed by salt; nil if it records none.
	fingerprint []byte
}

// request is a command that was passed to Append.
type request struct {
	command eventstore.Command
	// events holds, per write, the events with payload, contents and metadata in canonical form.
	events [][]saltedEvent
	// recordedByEvent says that the command is recorded by its only event.
	recordedByEvent bool
	count           int
	bytes           int
	queued          time.Time
	queue           *queue
	span            trace.Span

	result eventstore.Result
	err    error
	done   chan struct{}
}

// newRequest does everything that needs no lock, in the caller's goroutine.
func newRequest(c eventstore.Command) (*request, error) {
	r := &request{command: c, events: make([][]saltedEvent, len(c.Writes)), done: make(chan struct{})}
	if c.Note != nil {
		note, err := canonjson.Parse(c.Note)
		if err != nil {
			return nil, domain.WithField("note", err)
		}
		r.command.Note = note.Raw()
	}
	r.recordedByEvent = c.ID != "" && c.Note == nil && len(c.Writes) == 1 && len(c.Writes[0].Events) == 1
	r.command.Writes = slices.Clone(c.Writes)
	for i := range r.command.Writes {
		w := &r.command.Writes[i]
		w.Category = cmp.Or(w.Category, eventstore.CategoryMemory)
		for _, n := range w.Events {
			e, err := prepare(c.Tenant, w, n)
			if err != nil {
				return nil, err
			}
			if r.recordedByEvent {
				e.ID = commandEventID(c.Tenant, c.ID)
			}
			r.events[i] = append(r.events[i], e)
			r.count++
			r.bytes += e.Size()
		}
	}
	return r, checkCategories(r.command.Writes)
}

// checkCategories returns an error if a command appends events of two categories to one stream.
func checkCategories(writes []eventstore.StreamAppend) error {
	if len(writes) < 2 {
		return nil
	}
	categories := make(map[uuid.UUID]string, len(writes))
	for _, w := range writes {
		if len(w.Events) == 0 {
			continue
		}
		if c := cmp.Or(categories[w.StreamID], w.Category); c != w.Category {
			return domain.Invalidf("category", "must be one for stream %s, got %q and %q", w.StreamID, c, w.Category)
		}
		categories[w.StreamID] = w.Category
	}
	return nil
}

func prepare(tenant domain.Tenant, w *eventstore.StreamAppend, n eventstore.NewEvent) (saltedEvent, error) {
	if n.Payload.IsZero() {
		n.Payload = canonjson.EmptyObject()
	}
	if v := n.ID.Version(); v == 5 || v == 8 {
		return saltedEvent{}, domain.Invalidf("event_id", "must not be a UUID of version 5 or 8, which the events that record commands have, got version %d", v)
	}
	salt := contents.NewSalt()
	payload, err := contents.Commit(n.Payload, salt, n.Contents)
	if err != nil {
		return saltedEvent{}, err
	}
	meta, err := n.Meta.Check()
	if err != nil {
		return saltedEvent{}, domain.WithField("metadata", err)
	}
	return saltedEvent{salt: salt, Event: eventstore.Event{
		Tenant: tenant, ID: n.ID, StreamID: w.StreamID, Category: w.Category, Type: n.Type, SchemaVersion: n.SchemaVersion,
		AgentID: w.AgentID, UserID: w.UserID, Payload: payload.Raw(), Contents: n.Contents.Raw(), Metadata: eventstore.EncodeMeta(meta).Raw(),
		OccurredAt: n.OccurredAt.UTC().Truncate(time.Microsecond),
	}}, nil
}
