package eventstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore/contents"
)

// Append appends a command in one transaction, together with others that arrive at the same time.
//
// Each write succeeds or conflicts by itself; its result says which. A command is recorded under its ID unless
// all of its writes conflicted, so that one that wrote nothing can be tried again. A command that was recorded
// before returns its first outcome with Duplicate set, or ErrReused where its fingerprint differs.
//
// Errors besides: a *domain.Error of kind Invalid for an event that cannot be stored, ErrUnavailable,
// ErrOverloaded, ErrOutcomeUnknown, and ctx's own error while the command was still waiting. After any error but
// ErrOutcomeUnknown nothing is written.
func (s *Store) Append(ctx context.Context, c Command) (Result, error) {
	r, err := newRequest(c)
	if err != nil {
		return Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	_, r.span = s.config.Tracer.Start(ctx, "append")
	err = s.enqueueAndWait(ctx, r)
	r.finish(err)
	return r.result, err
}

func (s *Store) enqueueAndWait(ctx context.Context, r *request) error {
	r.queued = time.Now()
	lead, err := s.enqueue(r)
	if err != nil {
		return err
	}
	if lead != nil {
		lead()
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if s.withdraw(r) {
			return ctx.Err()
		}
		<-r.done
	}
	return r.err
}

// Close waits until every command that was taken has its answer.
func (s *Store) Close() { s.running.Wait() }

// request is a command on its way through a writer.
type request struct {
	command Command
	// events holds, per write, the events with payload, contents and metadata in canonical form.
	events [][]saltedEvent
	count  int
	bytes  int
	queued time.Time
	span   trace.Span

	result Result
	err    error
	done   chan struct{}
}

// newRequest does all the work that needs no lock, in the caller's goroutine.
func newRequest(c Command) (*request, error) {
	r := &request{command: c, events: make([][]saltedEvent, len(c.Writes)), done: make(chan struct{})}
	if c.Note != nil {
		note, err := canonjson.Parse(c.Note)
		if err != nil {
			return nil, domain.WithField("note", err)
		}
		r.command.Note = note.Raw()
	}
	r.command.Writes = slices.Clone(c.Writes)
	for i := range r.command.Writes {
		w := &r.command.Writes[i]
		w.Category = cmp.Or(w.Category, CategoryMemory)
		for _, n := range w.Events {
			e, err := n.prepare(c.Tenant, w)
			if err != nil {
				return nil, err
			}
			r.events[i] = append(r.events[i], e)
			r.count++
			r.bytes += e.Size()
		}
	}
	return r, nil
}

func (n NewEvent) prepare(tenant domain.Tenant, w *StreamAppend) (saltedEvent, error) {
	if n.Payload.IsZero() {
		n.Payload = canonjson.EmptyObject()
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
	return saltedEvent{salt: salt, Event: Event{
		Tenant: tenant, ID: n.ID, StreamID: w.StreamID, Category: w.Category, Type: n.Type, SchemaVersion: n.SchemaVersion,
		AgentID: w.AgentID, UserID: w.UserID, Payload: payload.Raw(), Contents: n.Contents.Raw(), Metadata: encodeMeta(meta).Raw(),
		OccurredAt: n.OccurredAt.UTC().Truncate(time.Microsecond),
	}}, nil
}
