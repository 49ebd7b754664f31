package httpapi_test

import (
	"fmt"
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

// What is wrong with a request as HTTP carries it; all else is in the suite of package api.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	s := newService(t)
	id := s.remember(t, coffee).ID.String()
	one := "/v1/memories/" + id

	for name, c := range map[string]struct {
		method, path, body string
		headers            []string
		status             int
		field, says        string
	}{
		"a form":              {"POST", "/v1/memories", `a=b`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, "Content-Type", "application/json"},
		"another charset":     {"POST", "/v1/memories", coffee, []string{"Content-Type", "application/json; charset=latin1"}, 415, "Content-Type", "application/json"},
		"two types":           {"POST", "/v1/memories", coffee, []string{"Content-Type", "application/json", "Content-Type", "text/plain"}, 415, "Content-Type", "application/json"},
		"compressed":          {"POST", "/v1/memories", coffee, []string{"Content-Encoding", "gzip"}, 415, "Content-Encoding", "identity"},
		"parameters to POST":  {"POST", "/v1/memories?agent_id=a", coffee, nil, 422, "agent_id", "is unknown"},
		"a body to DELETE":    {"DELETE", one, `{"reason":"x"}`, nil, 400, "", "no body"},
		"a body to GET":       {"GET", "/v1/stats", `{}`, nil, 400, "", "no body"},
		"the id in the body":  {"PATCH", one, `{"id":"` + id + `","content":1}`, nil, 422, "id", "is unknown"},
		"id of the path":      {"DELETE", "/v1/memories/17", ``, nil, 422, "id", "must be a UUID"},
		"a NUL in the path":   {"GET", "/v1/streams/%00/events", ``, nil, 422, "id", "NUL"},
		"parameter twice":     {"GET", "/v1/memories?agent_id=a&agent_id=b", ``, nil, 422, "agent_id", "must be given once, got 2"},
		"limit in words":      {"GET", "/v1/memories?limit=ten", ``, nil, 422, "limit", "a whole number"},
		"limit empty":         {"GET", "/v1/memories?limit=", ``, nil, 422, "limit", "a whole number"},
		"type empty":          {"GET", "/v1/memories?memory_types=", ``, nil, 422, "memory_types", "must be 1 to 50 characters, got 0"},
		"a cursor of bytes":   {"GET", "/v1/memories?cursor=%ff%fe", ``, nil, 422, "cursor", "UTF-8"},
		"a NUL in a filter":   {"GET", "/v1/memories?agent_id=%00", ``, nil, 422, "agent_id", "NUL"},
		"confidence in words": {"GET", "/v1/memories?min_confidence=high", ``, nil, 422, "min_confidence", "a number"},
		"confidence NaN":      {"GET", "/v1/memories?min_confidence=NaN", ``, nil, 422, "min_confidence", "a number"},
		"confidence null":     {"GET", "/v1/memories?min_confidence=null", ``, nil, 422, "min_confidence", "must not be null"},
		"metadata null":       {"GET", "/v1/memories?metadata=null", ``, nil, 422, "metadata", "must not be null"},
		"limit null":          {"GET", "/v1/memories?limit=null", ``, nil, 422, "limit", "must be a whole number, got null"},
		"version null":        {"DELETE", one + "?expected_version=null", ``, nil, 422, "expected_version", "must not be null"},
		"query with ;":        {"GET", "/v1/memories?a=1;b=2", ``, nil, 400, "", "query of the URL"},
		"log after text":      {"GET", "/v1/events?after=x", ``, nil, 422, "after", "a whole number"},
		"version of what":     {"GET", "/version?x=1", ``, nil, 422, "x", "nothing"},
		"event of nothing":    {"GET", "/v1/events/live", ``, []string{"Last-Event-ID", "x"}, 400, "Last-Event-Id", "sequence_id"},

		"tenant":          {"POST", "/v1/memories", coffee, []string{"Auren-Tenant", "A b"}, 400, "Auren-Tenant", "must be 1 to 63 lower-case letters"},
		"tenant twice":    {"POST", "/v1/memories", coffee, []string{"Auren-Tenant", "a", "Auren-Tenant", "b"}, 400, "Auren-Tenant", "must be given once, got 2"},
		"actor not UTF-8": {"POST", "/v1/memories", coffee, []string{"Auren-Actor", "caf\xe9"}, 400, "Auren-Actor", "UTF-8"},
		"key empty":       {"POST", "/v1/memories", coffee, []string{"Idempotency-Key", ""}, 400, "Idempotency-Key", "empty"},
		"key of quotes":   {"POST", "/v1/memories", coffee, []string{"Idempotency-Key", `""`}, 400, "Idempotency-Key", "quotes"},
		"key half quoted": {"POST", "/v1/memories", coffee, []string{"Idempotency-Key", `"a`}, 400, "Idempotency-Key", "quotes"},
	} {
		t.Run(name, func(t *testing.T) {
			p := problem(t, s.send(t, c.method, c.path, c.body, c.headers...), c.status)
			if c.field != "" {
				require.Len(t, p.Errors, 1, p.Detail)
				require.Equal(t, c.field, p.Errors[0].Field)
				require.Contains(t, p.Errors[0].Message, c.says)
			}
			require.Contains(t, p.Detail, c.says)
		})
	}
	require.EqualValues(t, 1, s.head(t, "default"))
}

// Any legal JSON within the bounds comes back equal.
func TestContentComesBackEqual(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, content := range map[string]string{
		"null": `null`, "false": `false`, "empty": `""`, "exact": `0.1000000000000000055511151231257827`,
		"large number": `123456789012345678901234567890`, "emoji": `"👩‍👩‍👧 \ud83d\ude00"`, "controls": `"\u0001\u001f\u007f\u2028"`,
		"empty key": `{"":{"":[]}}`, "html": `"<script>&amp;</script>"`, "deep": strings.Repeat("[", 400) + strings.Repeat("]", 400),
		"1 MiB": `"` + strings.Repeat("é", (1<<20-2)/2) + `"`, "escaped": `"` + strings.Repeat(`\u00e9`, 1<<18) + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			r := s.remember(t, `{"agent_id":"a","user_id":"u","content":`+content+`}`)
			answer := s.send(t, "GET", fmt.Sprintf("/v1/memories/%s?min_sequence_id=%d", r.ID, r.SequenceID), "")
			require.JSONEq(t, content, string(ok[queries.Memory](t, answer, http.StatusOK).Content))
		})
	}
}

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
