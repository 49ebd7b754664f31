package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/queries"
)

func TestGet(t *testing.T) {
	t.Parallel()
	s := setup(t)
	body := `{"agent_id":"coach","user_id":"ana","content":{"text":"😀 <b>\u0001</b>","n":12345678901234567890.5},"occurred_at":"2020-02-02T02:02:02+01:00"}`
	r := s.remember(t, body)
	path := "/v1/memories/" + r.ID.String()
	ok[commands.Receipt](t, s.send(t, "PATCH", path, `{"content":"second"}`), 200)

	answer := s.send(t, "GET", path+"?min_sequence_id=2", "")
	m := ok[queries.Memory](t, answer, 200)
	require.Equal(t, `"2"`, answer.header.Get("ETag"))
	require.Equal(t, "2", answer.header.Get("Auren-Sequence-ID"))
	require.Equal(t, `"second"`, string(m.Content))
	require.Equal(t, "active", m.State)

	t.Run("as of a sequence_id", func(t *testing.T) {
		answer := s.send(t, "GET", path+"?as_of=1", "")
		m := ok[queries.Memory](t, answer, 200)
		require.JSONEq(t, `{"text":"😀 <b>\u0001</b>","n":12345678901234567890.5}`, string(m.Content))
		require.Contains(t, string(m.Content), "12345678901234567890.5")
		require.Contains(t, string(answer.body), "😀 <b>")
		require.Contains(t, string(answer.body), `"created_at":"2020-02-02T01:02:02Z"`)
		require.Equal(t, `"1"`, answer.header.Get("ETag"))
	})
	t.Run("as of a time", func(t *testing.T) {
		now := url.QueryEscape(time.Now().Add(time.Hour).Format(time.RFC3339Nano))
		require.Equal(t, 2, ok[queries.Memory](t, s.send(t, "GET", path+"?as_of="+now, ""), 200).Version)
		problem(t, s.send(t, "GET", path+"?as_of=2020-01-01T00:00:00+01:00", ""), 404)
	})
	t.Run("on a version", func(t *testing.T) {
		require.Equal(t, 200, s.send(t, "GET", path, "", "If-Match", `"2"`).status)
		require.Equal(t, 2, *problem(t, s.send(t, "GET", path, "", "If-Match", `"1"`), 412).ActualVersion)
	})
	t.Run("HEAD has the headers alone", func(t *testing.T) {
		head := s.send(t, "HEAD", path, "")
		require.Equal(t, 200, head.status)
		require.Equal(t, `"2"`, head.header.Get("ETag"))
		require.Empty(t, head.body)
	})
	t.Run("of what is not there", func(t *testing.T) {
		p := problem(t, s.send(t, "GET", "/v1/memories/"+uuid.NewString(), ""), 404)
		require.Equal(t, "urn:auren:problem:not-found", p.Type)
	})
	t.Run("of a forgotten memory tells so", func(t *testing.T) {
		r := ok[commands.Receipt](t, s.send(t, "DELETE", path, ""), 200)
		m := ok[queries.Memory](t, s.send(t, "GET", fmt.Sprintf("%s?min_sequence_id=%d", path, r.SequenceID), ""), 200)
		require.Equal(t, "forgotten", m.State)
	})
}

func TestAQueryBehindIsUnavailable(t *testing.T) {
	t.Parallel()
	s := newService(t) // no projections
	s.deps.Queries = queries.New(s.pool, queries.Config{WaitLimit: 20 * time.Millisecond})
	s.url = serve(t, httpapi.New(api.New(s.deps), s.operations, httpapi.Config{}))
	r := s.remember(t, coffee)
	answer := s.send(t, "GET", "/v1/memories/"+r.ID.String()+"?min_sequence_id=1", "")
	p := problem(t, answer, 503)
	require.Equal(t, "urn:auren:problem:unavailable", p.Type)
	require.Equal(t, "1", answer.header.Get("Retry-After"))
	require.Contains(t, p.Detail, "1 behind")
}

func TestListSearchHistoryRecentStats(t *testing.T) {
	t.Parallel()
	s := setup(t)
	var last int64
	for i := range 5 {
		last = s.remember(t, fmt.Sprintf(`{"agent_id":"coach","user_id":"ana","memory_type":"t%d","content":"run number %d",`+
			`"confidence":0.%d,"metadata":{"n":%d}}`, i%2, i, i, i)).SequenceID
	}
	r := s.remember(t, coffee)
	last = ok[commands.Receipt](t, s.send(t, "POST", "/v1/memories/"+r.ID.String()+"/evidence", `{"supports":true,"reason":"seen"}`), 200).SequenceID

	list := func(query string) queries.ListResult {
		l := ok[queries.ListResult](t, s.send(t, "GET", fmt.Sprintf("/v1/memories?min_sequence_id=%d&%s", last, query), ""), 200)
		require.Equal(t, last, l.SequenceID)
		return l
	}
	t.Run("list by filters", func(t *testing.T) {
		require.Len(t, list("agent_id=coach&user_id=ana").Memories, 6)
		require.Len(t, list("memory_types=t0&memory_types=t1").Memories, 5)
		require.Len(t, list("min_confidence=0.3&max_confidence=0.4").Memories, 2)
		require.Len(t, list("metadata="+url.QueryEscape(`{"n":3}`)).Memories, 1)
		require.Len(t, list("state=forgotten").Memories, 0)
		require.Len(t, list("created_after="+url.QueryEscape(time.Now().Add(-time.Hour).Format(time.RFC3339))).Memories, 6)
		require.Len(t, list("expires_before=2099-01-01T00:00:00Z").Memories, 0)
	})
	t.Run("list page by page", func(t *testing.T) {
		cursor, seen := "", []float64{}
		for {
			page := list("limit=2&order=confidence&descending=true&cursor=" + cursor)
			for _, m := range page.Memories {
				seen = append(seen, m.Confidence)
			}
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
		require.Equal(t, []float64{0.73, 0.4, 0.3, 0.2, 0.1, 0}, seen)
	})
	t.Run("list as of", func(t *testing.T) {
		l := ok[queries.ListResult](t, s.send(t, "GET", "/v1/memories?as_of=3", ""), 200)
		require.Len(t, l.Memories, 3)
		require.EqualValues(t, 3, l.SequenceID)
	})
	t.Run("search", func(t *testing.T) {
		body := fmt.Sprintf(`{"query":"Does coffee make her sleep badly?","agent_id":"coach","user_id":"ana","limit":3,"explain":true,`+
			`"filters":{"metadata":{"topic":"sleep"}},"min_sequence_id":%d}`, last)
		found := ok[queries.SearchResult](t, s.send(t, "POST", "/v1/memories/search", body), 200)
		require.Len(t, found.Hits, 1)
		require.Equal(t, r.ID, found.Hits[0].Memory.ID)
		require.Positive(t, found.Hits[0].Score)
		require.NotNil(t, found.Hits[0].Explain)
		require.Equal(t, last, found.SequenceID)
	})
	t.Run("history", func(t *testing.T) {
		h := ok[queries.HistoryResult](t, s.send(t, "GET", fmt.Sprintf("/v1/memories/%s/history?min_sequence_id=%d", r.ID, last), ""), 200)
		require.Len(t, h.Versions, 2)
		require.Equal(t, "seen", h.Versions[1].Reason)
		h = ok[queries.HistoryResult](t, s.send(t, "GET", fmt.Sprintf("/v1/memories/%s/history?limit=1&after_version=1", r.ID), ""), 200)
		require.Equal(t, 2, h.Versions[0].Memory.Version)
		problem(t, s.send(t, "GET", "/v1/memories/"+uuid.NewString()+"/history", ""), 404)
	})
	t.Run("recent", func(t *testing.T) {
		l := ok[queries.ListResult](t, s.send(t, "GET", fmt.Sprintf("/v1/memories/recent?agent_id=coach&days=1&limit=1&min_sequence_id=%d", last), ""), 200)
		require.Equal(t, r.ID, l.Memories[0].ID)
	})
	t.Run("stats", func(t *testing.T) {
		got := ok[queries.Stats](t, s.send(t, "GET", fmt.Sprintf("/v1/stats?agent_id=coach&min_sequence_id=%d", last), ""), 200)
		require.EqualValues(t, 6, got.Active)
		require.Equal(t, last, got.SequenceID)
	})
}

func TestTenantsAreIsolated(t *testing.T) {
	t.Parallel()
	s := setup(t)
	r := s.remember(t, coffee, "Auren-Tenant", "acme")
	require.EqualValues(t, 1, r.SequenceID)
	other := s.remember(t, coffee, "Auren-Tenant", "umbrella")
	require.EqualValues(t, 1, other.SequenceID)
	path := "/v1/memories/" + r.ID.String()

	ok[queries.Memory](t, s.send(t, "GET", path+"?min_sequence_id=1", "", "Auren-Tenant", "acme"), 200)
	for _, stranger := range [][]string{nil, {"Auren-Tenant", "umbrella"}} {
		problem(t, s.send(t, "GET", path, "", stranger...), 404)
		problem(t, s.send(t, "GET", path+"/history", "", stranger...), 404)
		problem(t, s.send(t, "GET", "/v1/streams/"+r.ID.String()+"/events", "", stranger...), 404)
		problem(t, s.send(t, "PATCH", path, `{"content":1}`, stranger...), 404)
		problem(t, s.send(t, "DELETE", path, "", stranger...), 404)
	}
	found := ok[queries.SearchResult](t, s.send(t, "POST", "/v1/memories/search", `{"query":"coffee","min_sequence_id":1}`, "Auren-Tenant", "umbrella"), 200)
	require.Len(t, found.Hits, 1)
	require.Equal(t, other.ID, found.Hits[0].Memory.ID)
	problem(t, s.send(t, "POST", "/v1/memories/forget", `{"all":true}`, "Auren-Tenant", "Not A Tenant"), 400)
	ok[map[string]any](t, s.send(t, "POST", "/v1/memories/forget", `{"all":true}`, "Auren-Tenant", "umbrella"), 200)
	require.Equal(t, "active", ok[queries.Memory](t, s.send(t, "GET", path, "", "Auren-Tenant", "acme"), 200).State)
}

// A recall that is given the sequence_id of a remember finds it, however soon it comes.
func TestRememberIsRecalledAtOnce(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const times = 1000
	for i := range times {
		word := "zq" + strings.Repeat("x", i%7+1) + fmt.Sprint(i)
		r := s.remember(t, fmt.Sprintf(`{"agent_id":"a","user_id":"u","content":"the word is %s"}`, word))
		answer := s.send(t, "POST", "/v1/memories/search", fmt.Sprintf(`{"query":"%s","agent_id":"a","min_sequence_id":%d}`, word, r.SequenceID))
		found := ok[queries.SearchResult](t, answer, http.StatusOK)
		require.NotEmpty(t, found.Hits, "remember number %d", i)
		require.Equal(t, r.ID, found.Hits[0].Memory.ID)
	}
}
