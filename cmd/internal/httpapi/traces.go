package httpapi

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// startSpan begins the span of a request to the API, as a child of the caller's where it names one; the paths that
// machines ask every few seconds have none. The caller must end the span with the status of the answer.
func startSpan(tracer trace.Tracer, r *http.Request) (*http.Request, func(route string, status int)) {
	if tracer == nil || !strings.HasPrefix(r.URL.Path, "/v1/") {
		return r, func(string, int) {}
	}
	ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	ctx, span := tracer.Start(ctx, r.Method, trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(attribute.String("http.request.method", r.Method)))
	return r.WithContext(ctx), func(route string, status int) {
		span.SetName(r.Method + " " + route)
		span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(status))
		}
		span.End()
	}
}

// traceparent is what ties the events of a request to its trace: the caller's own, or else that of the request's span.
func traceparent(ctx context.Context, given string) string {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return given
	}
	carrier := propagation.MapCarrier{"traceparent": given}
	if trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier)).IsValid() {
		return given
	}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}
