package eventstore

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/auren-memory/auren/domain"
)

// AppendStats tells what became of the commands that one transaction carried.
type AppendStats struct {
	// Appended commands did what they were to do, be it nothing; Events is how many events they wrote.
	Appended, Events int
	// Duplicates were appended before, Conflicts met another version in at least one of their writes, and Reused
	// came under an id that another command has.
	Duplicates, Conflicts, Reused int
	// Unavailable commands are not written because of the database, Unknown are those of ErrOutcomeUnknown, and
	// Refused are not written for what is in them.
	Unavailable, Unknown, Refused int
	// Waited is, for each command, how long it waited for its transaction to begin; nil where there was none,
	// because a repeated command was found before it was to be appended.
	Waited []time.Duration
	// Took is how long the transaction took, the looking for its outcome included.
	Took time.Duration
}

// observation is what is told of one batch while it is being committed.
type observation struct {
	store *Store
	batch []*request
	began time.Time
	span  trace.Span
}

// observe begins an observation. The span of the batch belongs to no command: it is linked to the span of each,
// and each to it.
func (s *Store) observe(tenant domain.Tenant, batch []*request) (context.Context, *observation) {
	o := &observation{store: s, batch: batch, began: time.Now()}
	options := []trace.SpanStartOption{trace.WithNewRoot()}
	for _, r := range batch {
		if r.span.SpanContext().IsSampled() {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: r.span.SpanContext()}))
		}
	}
	if len(options) == 1 {
		// Nobody who asked is traced, so neither is this.
		o.span = trace.SpanFromContext(context.Background())
		return context.Background(), o
	}
	ctx, span := s.config.Tracer.Start(context.Background(), "append batch", options...)
	span.SetAttributes(attribute.String("auren.tenant", string(tenant)), attribute.Int("auren.commands", len(batch)))
	o.span = span
	for _, r := range batch {
		r.span.AddLink(trace.Link{SpanContext: span.SpanContext()})
	}
	return ctx, o
}

// end tells what became of the batch. The requests must not be done yet.
func (o *observation) end() {
	var stats AppendStats
	for _, r := range o.batch {
		stats.count(r)
	}
	o.span.SetAttributes(attribute.Int("auren.events", stats.Events))
	if failed := stats.Unavailable + stats.Unknown; failed > 0 {
		o.span.SetStatus(codes.Error, o.batch[0].err.Error())
	}
	o.span.End()
	if o.store.config.Appended == nil {
		return
	}
	stats.Took = time.Since(o.began)
	stats.Waited = make([]time.Duration, len(o.batch))
	for i, r := range o.batch {
		stats.Waited[i] = o.began.Sub(r.queued)
	}
	o.store.config.Appended(stats)
}

func (s *AppendStats) count(r *request) {
	switch {
	case r.err == nil && r.result.Duplicate:
		s.Duplicates++
	case r.err == nil:
		s.countWrites(r)
	case errors.Is(r.err, ErrReused):
		s.Reused++
	case errors.Is(r.err, ErrOutcomeUnknown):
		s.Unknown++
	case errors.Is(r.err, ErrUnavailable):
		s.Unavailable++
	default:
		s.Refused++
	}
}

func (s *AppendStats) countWrites(r *request) {
	conflict := false
	for i, w := range r.result.Writes {
		if w.Conflict != nil {
			conflict = true
			continue
		}
		s.Events += len(r.events[i])
	}
	if conflict {
		s.Conflicts++
	} else {
		s.Appended++
	}
}

// finish ends the span of one command.
func (r *request) finish(err error) {
	if err != nil {
		r.span.SetStatus(codes.Error, err.Error())
	} else if n := len(r.result.Writes); n > 0 {
		r.span.SetAttributes(attribute.Int64("auren.sequence_id", r.result.Writes[n-1].SequenceID))
	}
	r.span.End()
}
