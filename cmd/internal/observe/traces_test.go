package observe_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/observe"
)

func TestTracesAreOffUnlessTheyAreAskedFor(t *testing.T) {
	const endpoint = "http://127.0.0.1:1"
	for name, environment := range map[string]map[string]string{
		"no collector":  {},
		"SDK disabled":  {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_SDK_DISABLED": "TRUE"},
		"exporter none": {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": endpoint, "OTEL_TRACES_EXPORTER": "none"},
	} {
		t.Run(name, func(t *testing.T) {
			for variable, value := range environment {
				t.Setenv(variable, value)
			}
			traces, err := observe.NewTraces(t.Context(), "auren", "v1", zap.NewNop())
			require.NoError(t, err)
			require.Nil(t, traces.Tracer())
			require.Nil(t, traces.Queries())
			traces.Close(t.Context())
		})
	}
}

func TestTracesKnowOneProtocol(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
	_, err := observe.NewTraces(t.Context(), "auren", "v1", zap.NewNop())
	require.ErrorContains(t, err, `"grpc"`)
	require.ErrorContains(t, err, "http/protobuf")
}
