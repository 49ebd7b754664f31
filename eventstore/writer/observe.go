package writer

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
)

// observation is the span and the stats of one batch.
type observation struct {
	config *Config
	batch  []*request
	began  time.Time
	span   trace.Span
}

// observe begins an observation. The span of the batch belongs to no command: it and the span of each command are linked.
func observe(config *Config, tenant domain.Tenant, batch []*request) (context.Context, *observation) {
	o := &observation{config: config, batch: batch, began: time.Now()}
	options := []trace.SpanStartOption{trace.WithNewRoot()}
	for _, r := range batch {
		if r.span.SpanContext().IsSampled() {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: r.span.SpanContext()}))
		}
	}
	if len(options) == 1 {
		// No command is traced, so the batch is not either.
		o.span = trace.SpanFromContext(context.Background())
		return context.Background(), o
	}
	ctx, span := config.Tracer.Start(context.Background(), "append batch", options...)
	span.SetAttributes(attribute.String("auren.tenant", string(tenant)), attribute.Int("auren.commands", len(batch)))
	o.span = span
	for _, r := range batch {
		r.span.AddLink(trace.Link{SpanContext: span.SpanContext()})
	}
	return ctx, o
}

// end reports the batch. Its requests must not be done yet.
func (o *observation) end() {
	var stats Stats
	for _, r := range o.batch {
		stats.count(r)
	}
	o.span.SetAttributes(attribute.Int("auren.events", stats.Events))
	if failed := stats.Unavailable + stats.Unknown; failed > 0 {
		o.span.SetStatus(codes.Error, o.batch[0].err.Error())
	}
	o.span.End()
	if o.config.Appended == nil {
		return
	}
	stats.Took = time.Since(o.began)
	stats.Waited = make([]time.Duration, len(o.batch))
	for i, r := range o.batch {
		stats.Waited[i] = o.began.Sub(r.queued)
	}
	o.config.Appended(stats)
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

// Stats tells what became of the commands that one transaction carried.
type Stats struct {
	// Appended commands succeeded; Events is how many events they wrote, possibly none.
	Appended, Events int
	// Duplicates were appended before, Conflicts met another version in at least one of their writes, and Reused
	// came under an id that another command has.
	Duplicates, Conflicts, Reused int
	// Unavailable commands were not written because of the database, the outcome of Unknown ones is not known (ErrOutcomeUnknown),
	// and Refused ones cannot be stored.
	Unavailable, Unknown, Refused int
	// Waited is how long each command waited for its transaction to begin; nil if there was none, because Outcome found the command.
	Waited []time.Duration
	// Took is how long the transaction took, including the recovery of its outcome.
	Took time.Duration
}

func (s *Stats) count(r *request) {
	switch {
	case r.err == nil && r.result.Duplicate:
		s.Duplicates++
	case r.err == nil:
		s.countWrites(r)
	case errors.Is(r.err, eventstore.ErrReused):
		s.Reused++
	case errors.Is(r.err, eventstore.ErrOutcomeUnknown):
		s.Unknown++
	case errors.Is(r.err, eventstore.ErrUnavailable):
		s.Unavailable++
	default:
		s.Refused++
	}
}

func (s *Stats) countWrites(r *request) {
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
