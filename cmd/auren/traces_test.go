package main

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

// otlpReceiver is a collector that keeps the spans it receives, by service name.
type otlpReceiver struct {
	mu    sync.Mutex
	spans map[string][]*otlp.Span
}

func (r *otlpReceiver) ServeHTTP(w http.ResponseWriter, sent *http.Request) {
	body := io.Reader(sent.Body)
	if sent.Header.Get("Content-Encoding") == "gzip" {
		unpacked, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = unpacked
	}
	raw, err := io.ReadAll(body)
	var export collector.ExportTraceServiceRequest
	if err != nil || sent.URL.Path != "/v1/traces" || proto.Unmarshal(raw, &export) != nil {
		http.Error(w, "not an export of traces", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, of := range export.GetResourceSpans() {
		service := ""
		for _, attribute := range of.GetResource().GetAttributes() {
			if attribute.GetKey() == "service.name" {
				service = attribute.GetValue().GetStringValue()
			}
		}
		for _, scope := range of.GetScopeSpans() {
			r.spans[service] = append(r.spans[service], scope.GetSpans()...)
		}
	}
}

// find returns a span of a service that matches; nil if there is none.
func (r *otlpReceiver) find(service string, wanted func(*otlp.Span) bool) *otlp.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, span := range r.spans[service] {
		if wanted(span) {
			return span
		}
	}
	return nil
}

func named(name string) func(*otlp.Span) bool {
	return func(s *otlp.Span) bool { return s.GetName() == name }
}

func linkedTo(name string, to *otlp.Span) func(*otlp.Span) bool {
	return func(s *otlp.Span) bool {
		for _, link := range s.GetLinks() {
			if s.GetName() == name && string(link.GetTraceId()) == string(to.GetTraceId()) && string(link.GetSpanId()) == string(to.GetSpanId()) {
				return true
			}
		}
		return false
	}
}

func childOf(parent *otlp.Span) func(*otlp.Span) bool {
	return func(s *otlp.Span) bool {
		return string(s.GetTraceId()) == string(parent.GetTraceId()) && string(s.GetParentSpanId()) == string(parent.GetSpanId())
	}
}

func TestTracesReachACollectorFromTheRequestToTheProjection(t *testing.T) {
	t.Parallel()
	receiver := &otlpReceiver{spans: map[string][]*otlp.Span{}}
	collects := httptest.NewServer(receiver)
	t.Cleanup(collects.Close)
	env := append(settings(pgtest.DSN(t), startNATS(t)), "OTEL_EXPORTER_OTLP_ENDPOINT="+collects.URL, "OTEL_BSP_SCHEDULE_DELAY=50")
	server, projector := start(t, env, "server"), start(t, env, "projector")
	projector.Says("(projects)")
	require.Equal(t, http.StatusCreated, post(t, server.url()))

	wait := func(p *process, service string, wanted func(*otlp.Span) bool, what string) (found *otlp.Span) {
		p.WaitUntil(what, func() bool {
			found = receiver.find(service, wanted)
			return found != nil
		})
		return found
	}
	request := wait(server, "auren-server", named("POST /v1/memories"), "the request is traced")
	command := wait(server, "auren-server", childOf(request), "its command is")
	require.Equal(t, "remember", command.GetName())
	appended := wait(server, "auren-server", childOf(command), "its append is")
	batch := wait(server, "auren-server", linkedTo("append batch", appended), "the batch is")
	wait(server, "auren-server", childOf(batch), "the statements of the batch are")
	for _, name := range []string{"project agent_memories", "project search", "project fanout"} {
		wait(projector, "auren-projector", linkedTo(name, request), name+" is linked to the request")
	}
	wait(projector, "auren-projector", childOf(wait(projector, "auren-projector", named("project agent_memories"), "")), "the statements of the projection are")

	for _, p := range []*process{projector, server} {
		p.Stop()
	}
}

func TestAMissingCollectorDelaysNothing(t *testing.T) {
	t.Parallel()
	env := append(settings(pgtest.DSN(t), startNATS(t)), "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1")
	server := start(t, env, "server")
	require.Equal(t, http.StatusCreated, post(t, server.url()))
	server.Stop()
	require.Contains(t, server.Stderr.String(), "traces could not be sent")
}
