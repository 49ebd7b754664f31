package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/queries"
)

// fuzzed is a service whose handler is called without a connection in between.
type fuzzed struct {
	*service
	handler http.Handler
	memory  string
}

func fuzzService(f *testing.F) *fuzzed {
	s := setup(f)
	s.deps.Queries = queries.New(s.pool, queries.Config{WaitLimit: 100 * time.Millisecond})
	return &fuzzed{s, httpapi.New(api.New(s.deps), s.operations, httpapi.Config{}), "/v1/memories/" + s.remember(f, coffee).ID.String()}
}

// serve requires that nothing fails inside and that nothing is written unless the answer is a success.
func (s *fuzzed) serve(t *testing.T, r *http.Request) {
	before := s.head(t, "default")
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	require.NotEqual(t, http.StatusInternalServerError, w.Code, "%s", w.Body)
	if w.Code >= 300 {
		require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
		require.Equal(t, before, s.head(t, "default"), "%d %s", w.Code, w.Body)
	}
}

func FuzzBodies(f *testing.F) {
	s := fuzzService(f)
	operations := [][2]string{
		{"POST", "/v1/memories"}, {"POST", "/v1/memories/batch"}, {"PATCH", s.memory}, {"POST", s.memory + "/confidence"},
		{"POST", s.memory + "/evidence"}, {"POST", s.memory + "/expiry"}, {"POST", s.memory + "/restore"},
		{"POST", "/v1/memories/forget"}, {"POST", "/v1/memories/search"},
	}
	for i, body := range []string{
		coffee, `{"memories":[` + coffee + `,{"content":{"a":[1,2.5e3,"\ud83d\ude00\n"]}}]}`, `{"content":null,"memory_type":"x","expected_version":1}`,
		`{"confidence":1e-7}`, `{"supports":false,"weight":0.5,"note":"\"\\"}`, `{"expires_at":"2031-01-31T00:00:00.123456789+14:00"}`, ``,
		`{"agent_id":"nobody","metadata":{"a":{"b":[]}},"memory_types":["a","b"],"dry_run":true}`,
		`{"query":"\"late coffee\" -tea sleep & | ! ( <-> :*","filters":{"created_after":"2020-01-01T00:00:00Z"},"limit":3}`,
	} {
		f.Add(uint8(i), []byte(body))
	}
	for _, body := range []string{`{"a":NaN}`, `{"":{}}`, `[[]]`, "\x00", `{"agent_id":"a","agent_id":"b"}`, `{"memories":[null]}`, `{"query":"\u0000"}`} {
		for i := range operations {
			f.Add(uint8(i), []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, operation uint8, body []byte) {
		op := operations[int(operation)%len(operations)]
		s.serve(t, httptest.NewRequestWithContext(t.Context(), op[0], op[1], strings.NewReader(string(body))))
	})
}

func FuzzParametersAndHeaders(f *testing.F) {
	s := fuzzService(f)
	paths := []string{
		s.memory, "/v1/memories", s.memory + "/history", "/v1/memories/recent", "/v1/stats",
		strings.Replace(s.memory, "memories", "streams", 1) + "/events", "/v1/events", "/version",
	}
	headers := []string{"Auren-Tenant", "Auren-Actor", "Idempotency-Key", "X-Correlation-Id", "Traceparent", "If-Match"}
	for i, query := range []string{
		"as_of=1", "metadata=%7B%22a%22%3A1%7D&order=updated&descending=true&limit=3", "after_version=0&as_of=2099-01-01T00:00:00Z",
		"days=3", "agent_id=a&user_id=%F0%9F%98%80", "direction=backwards&from=3", "event_type=a&event_type=b&until=9", "x",
	} {
		f.Add(uint8(i), query, uint8(i), "value")
	}
	for _, query := range []string{"cursor=e30", "cursor=eyJsIjoiIn0", "limit=1e1", "limit=-0", "as_of=0001-01-01T00:00:00Z", "%zz", "a;b", "min_confidence=1e400", "state=%00"} {
		f.Add(uint8(1), query, uint8(5), `"1"`)
	}
	f.Fuzz(func(t *testing.T, path uint8, query string, header uint8, value string) {
		for _, method := range []string{http.MethodGet, http.MethodDelete} {
			r := httptest.NewRequestWithContext(t.Context(), method, paths[int(path)%len(paths)], nil)
			r.URL.RawQuery = query
			r.Header[headers[int(header)%len(headers)]] = []string{value}
			s.serve(t, r)
		}
	})
}
