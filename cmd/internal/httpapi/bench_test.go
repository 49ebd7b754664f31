package httpapi_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkRemember sends memories of 1 kB from 64 clients over connections that are kept.
func BenchmarkRemember(b *testing.B) {
	s := newService(b)
	body := fmt.Sprintf(`{"agent_id":"coach","user_id":"ana","content":{"text":"%s"},"confidence":0.7,"metadata":{"topic":"sleep"}}`,
		strings.Repeat("Sleeps badly after late coffee. ", 28))
	s.remember(b, body)
	b.SetParallelism(max(1, 64/runtime.GOMAXPROCS(0)))
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			answer := s.send(b, "POST", "/v1/memories", body)
			require.Equal(b, http.StatusCreated, answer.status)
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "memories/s")
}
