package httpapi_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/runner"
)

const (
	clientTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	clientSpan   = "00f067aa0ba902b7"
	clientParent = "00-" + clientTrace + "-" + clientSpan + "-01"
)

// tracedService is a service whose spans are kept, with projections that are run by hand.
type tracedService struct {
	*service
	kept    *tracetest.InMemoryExporter
	project func()
}

func setupTraced(t *testing.T) *tracedService {
	t.Helper()
	kept := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(kept))
	tracer := provider.Tracer("test")
	s := newTracedService(t, tracer)
	read := runner.New(s.pool, s.log, s.deps.LogWatcher, runner.Config{Tracer: tracer}, agentmemories.Projection{})
	return &tracedService{s, kept, func() { require.NoError(t, read.CatchUp(t.Context())) }}
}

// span returns the only span of a name; that of a request ends a moment after its answer.
func (s *tracedService) span(t *testing.T, name string) tracetest.SpanStub {
	t.Helper()
	var found []tracetest.SpanStub
	require.Eventually(t, func() bool {
		found = slices.DeleteFunc(slices.Clone(s.kept.GetSpans()), func(span tracetest.SpanStub) bool { return span.Name != name })
		return len(found) > 0
	}, time.Minute, time.Millisecond, name)
	require.Len(t, found, 1, name)
	return found[0]
}

func requireLink(t *testing.T, from tracetest.SpanStub, to trace.SpanContext) {
	t.Helper()
	require.True(t, slices.ContainsFunc(from.Links, func(link sdktrace.Link) bool {
		return link.SpanContext.TraceID() == to.TraceID() && link.SpanContext.SpanID() == to.SpanID()
	}), "no link from %s to %s: %v", from.Name, to.SpanID(), from.Links)
}

func TestARequestIsTracedToItsProjections(t *testing.T) {
	t.Parallel()
	s := setupTraced(t)
	receipt := s.remember(t, coffee)
	s.project()

	request := s.span(t, "POST /v1/memories")
	command, appended := s.span(t, "remember"), s.span(t, "append")
	require.False(t, request.Parent.IsValid())
	require.Equal(t, trace.SpanKindServer, request.SpanKind)
	require.Equal(t, request.SpanContext.SpanID(), command.Parent.SpanID())
	require.Equal(t, command.SpanContext.SpanID(), appended.Parent.SpanID())

	batch := s.span(t, "append batch")
	require.False(t, batch.Parent.IsValid(), "a batch carries commands of many requests")
	requireLink(t, batch, appended.SpanContext)
	requireLink(t, appended, batch.SpanContext)

	_, meta := s.first(t, receipt.ID)
	require.Equal(t, "00-"+request.SpanContext.TraceID().String()+"-"+request.SpanContext.SpanID().String()+"-01", meta.Traceparent)
	requireLink(t, s.span(t, "project agent_memories"), request.SpanContext)
}

func TestACallersTraceIsContinued(t *testing.T) {
	t.Parallel()
	s := setupTraced(t)
	receipt := s.remember(t, coffee, "Traceparent", clientParent, "Idempotency-Key", "once")
	again := s.remember(t, coffee, "Traceparent", "00-11111111111111111111111111111111-2222222222222222-01", "Idempotency-Key", "once")
	require.Equal(t, receipt, again, "the trace is not part of the command")
	require.EqualValues(t, 1, s.head(t, "default"))
	s.project()

	for _, span := range s.kept.GetSpans() {
		if span.Name == "POST /v1/memories" && span.SpanContext.TraceID().String() == clientTrace {
			require.Equal(t, clientSpan, span.Parent.SpanID().String())
		}
	}
	links := s.span(t, "project agent_memories").Links
	require.Len(t, links, 1)
	require.Equal(t, clientTrace, links[0].SpanContext.TraceID().String())
	require.Equal(t, clientSpan, links[0].SpanContext.SpanID().String())
}

func TestAnInvalidTraceparentIsReplacedByTheRequests(t *testing.T) {
	t.Parallel()
	s := setupTraced(t)
	_, meta := s.first(t, s.remember(t, coffee, "Traceparent", "nonsense").ID)
	require.Contains(t, meta.Traceparent, s.span(t, "POST /v1/memories").SpanContext.SpanID().String())
}

func TestUnsampledRequestsAndHealthChecksAreNotTraced(t *testing.T) {
	t.Parallel()
	s := setupTraced(t)
	s.remember(t, coffee, "Traceparent", clientParent[:len(clientParent)-1]+"0")
	s.project()
	s.send(t, "GET", "/health/ready", "")
	s.send(t, "GET", "/version", "")
	require.Empty(t, s.kept.GetSpans())
	problem(t, s.send(t, "GET", "/v1/memories/0", ""), http.StatusUnprocessableEntity)
	s.span(t, "GET /v1/memories/{id}")
	require.Len(t, s.kept.GetSpans(), 1)
}
