package runner

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/auren-memory/auren/eventstore"
)

// maxLinks bounds the requests that the span of a batch is linked to.
const maxLinks = 128

// traced runs the work on a batch in a span that is linked to the requests that wrote its events. If none of them was
// traced, neither is the batch.
func (w *worker) traced(ctx context.Context, u *unit, events []eventstore.Event, work func(context.Context) error) error {
	if w.config.Tracer == nil {
		return work(ctx)
	}
	links := requestsOf(events)
	if len(links) == 0 {
		return work(ctx)
	}
	ctx, span := w.config.Tracer.Start(ctx, "project "+u.name, trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithLinks(links...), trace.WithAttributes(
			attribute.String("auren.projection", u.name),
			attribute.String("auren.tenant", string(u.Tenant)),
			attribute.Int("auren.events", len(events)),
			attribute.Int64("auren.sequence_id.first", events[0].SequenceID),
			attribute.Int64("auren.sequence_id.last", events[len(events)-1].SequenceID),
		))
	defer span.End()
	err := work(ctx)
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	return err
}

// requestsOf returns a link to each traced request that wrote one of the events, according to their metadata.
func requestsOf(events []eventstore.Event) []trace.Link {
	var links []trace.Link
	seen := map[string]bool{"": true}
	for i := range events {
		// The projection reports unreadable metadata.
		meta, err := events[i].Meta()
		if err != nil || seen[meta.Traceparent] {
			continue
		}
		seen[meta.Traceparent] = true
		carrier := propagation.MapCarrier{"traceparent": meta.Traceparent}
		request := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
		if !request.IsSampled() {
			continue
		}
		links = append(links, trace.Link{SpanContext: request})
		if len(links) == maxLinks {
			break
		}
	}
	return links
}
