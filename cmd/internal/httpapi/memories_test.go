package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/queries"
)

func TestRemember(t *testing.T) {
	t.Parallel()
	s := newService(t)
	answer := s.send(t, "POST", "/v1/memories", coffee, "Auren-Actor", "coach-7", "X-Correlation-ID", "session-42",
		"X-Causation-ID", "cause", "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "Idempotency-Key", `"key-1"`)
	r := ok[commands.Receipt](t, answer, http.StatusCreated)
	require.Equal(t, 1, r.Version)
	require.EqualValues(t, 1, r.SequenceID)
	require.Equal(t, "/v1/memories/"+r.ID.String(), answer.header.Get("Location"))
	require.Equal(t, `"1"`, answer.header.Get("ETag"))
	require.Equal(t, "1", answer.header.Get("Auren-Sequence-ID"))

	require.EqualValues(t, 1, s.head(t, "default"))
	event, meta := s.first(t, r.ID)
	require.Equal(t, r.EventID, event.ID)
	require.Equal(t, "coach-7", meta.Actor)
	require.Equal(t, "key-1", meta.CommandID)
	require.Equal(t, "session-42", meta.CorrelationID)
	require.Equal(t, "cause", meta.CausationID)
	require.Contains(t, meta.Traceparent, "4bf92f")
}

func TestAKeySentFiftyTimesAtOnceIsOneCommand(t *testing.T) {
	t.Parallel()
	s := newService(t)
	replies := make([]reply, 50)
	var sending sync.WaitGroup
	for i := range replies {
		// The key is the same with and without quotes.
		key := []string{"once", `"once"`}[i%2]
		sending.Go(func() { replies[i] = s.send(t, "POST", "/v1/memories", coffee, "Idempotency-Key", key) })
	}
	sending.Wait()
	for _, r := range replies {
		require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
		require.Equal(t, string(replies[0].body), string(r.body))
	}
	require.EqualValues(t, 1, s.head(t, "default"))

	p := problem(t, s.send(t, "POST", "/v1/memories", strings.Replace(coffee, "0.7", "0.8", 1), "Idempotency-Key", "once"), 422)
	require.Equal(t, "urn:auren:problem:command-id-reused", p.Type)
	require.Equal(t, "Idempotency-Key", p.Errors[0].Field)
	require.EqualValues(t, 1, s.head(t, "default"))
}

func TestAHundredRevisesOfOneVersionAtOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := s.remember(t, coffee)
	path := "/v1/memories/" + r.ID.String()
	revise := func(round string, headers ...string) map[int][]reply {
		byStatus := map[int][]reply{}
		var mu sync.Mutex
		var sending sync.WaitGroup
		for i := range 100 {
			sending.Go(func() {
				answer := s.send(t, "PATCH", path, fmt.Sprintf(`{"content":"%s %d"}`, round, i), headers...)
				mu.Lock()
				defer mu.Unlock()
				byStatus[answer.status] = append(byStatus[answer.status], answer)
			})
		}
		sending.Wait()
		return byStatus
	}
	matched := revise("matched", "If-Match", `"1"`)
	require.Len(t, matched[200], 1)
	require.Len(t, matched[412], 99)
	for _, refused := range matched[412] {
		p := problem(t, refused, 412)
		require.Equal(t, "urn:auren:problem:precondition-failed", p.Type)
		require.Equal(t, 1, *p.ExpectedVersion)
		require.Equal(t, 2, *p.ActualVersion)
		require.Equal(t, `"2"`, refused.header.Get("ETag"))
	}
	require.EqualValues(t, 2, s.head(t, "default"))

	require.Len(t, revise("free")[200], 100)
	events, _, err := s.log.ReadStream(t.Context(), "default", r.ID, 1, eventstore.Forwards, 200)
	require.NoError(t, err)
	require.Len(t, events, 102)
}

func TestExpectedVersions(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := s.remember(t, coffee)
	path := "/v1/memories/" + r.ID.String()

	t.Run("in both places must be the same", func(t *testing.T) {
		p := problem(t, s.send(t, "PATCH", path, `{"content":1,"expected_version":2}`, "If-Match", `"1"`), 400)
		require.Equal(t, "expected_version", p.Errors[0].Field)
	})
	t.Run("of any kind must be one", func(t *testing.T) {
		for _, match := range []string{`1`, `W/"1"`, `"x"`, `"0"`, `"01"`, `"-1"`, `""`, `"1","2"`, `"1`, ``, `"99999999999"`} {
			p := problem(t, s.send(t, "PATCH", path, `{"content":1}`, "If-Match", match), 400)
			require.Equal(t, "urn:auren:problem:malformed", p.Type)
			require.Equal(t, "If-Match", p.Errors[0].Field, "If-Match: %s", match)
		}
	})
	t.Run("have no meaning for a new memory", func(t *testing.T) {
		problem(t, s.send(t, "POST", "/v1/memories", coffee, "If-Match", `"1"`), 400)
		problem(t, s.send(t, "POST", "/v1/memories/batch", `{"memories":[`+coffee+`]}`, "If-Match", `*`), 400)
	})
	require.EqualValues(t, 1, s.head(t, "default"))

	t.Run("that fit are carried out", func(t *testing.T) {
		require.Equal(t, `"2"`, s.send(t, "PATCH", path, `{"content":1,"expected_version":1}`, "If-Match", `"1"`).header.Get("ETag"))
		ok[commands.Receipt](t, s.send(t, "PATCH", path, `{"content":2}`, "If-Match", `*`), 200)
	})
	t.Run("of a memory that does not exist are not found", func(t *testing.T) {
		problem(t, s.send(t, "PATCH", "/v1/memories/"+uuid.NewString(), `{"content":2}`, "If-Match", `*`), 404)
	})
}

func TestRememberBatch(t *testing.T) {
	t.Parallel()
	type results = api.RememberBatchAnswer
	t.Run("gives each memory its own result", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		taken := s.remember(t, coffee)
		body := fmt.Sprintf(`{"memories":[%s,{"agent_id":"a","user_id":"u","content":1,"confidence":7},{"agent_id":"a","user_id":"u","content":1,"id":"%s"},`+
			`{"agent_id":"a","user_id":"u","content":1,"confidence":"high"},{"user_id":"u","content":1},7,%s]}`, coffee, taken.ID, coffee)
		answer := s.send(t, "POST", "/v1/memories/batch", body, "Idempotency-Key", "batch")
		got := ok[results](t, answer, 200)
		require.Len(t, got.Results, 7)
		for i, want := range []int{201, 422, 409, 422, 422, 422, 201} {
			require.Equal(t, want, got.Results[i].Status, "result %d", i)
		}
		for i, field := range map[int]string{1: "memories[1].confidence", 3: "memories[3].confidence", 4: "memories[4].agent_id", 5: "memories[5]"} {
			require.Equal(t, field, got.Results[i].Problem.Errors[0].Field)
			require.Nil(t, got.Results[i].Receipt)
		}
		require.EqualValues(t, 3, got.SequenceID)
		require.EqualValues(t, 3, s.head(t, "default"))
		require.Equal(t, string(answer.body), string(s.send(t, "POST", "/v1/memories/batch", body, "Idempotency-Key", "batch").body))
		require.EqualValues(t, 3, s.head(t, "default"))
	})
	t.Run("takes a thousand memories of 9 kB", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		one := fmt.Sprintf(`{"agent_id":"a","user_id":"u","content":"%s"}`, strings.Repeat("x", 9000))
		body := `{"memories":[` + strings.Repeat(one+",", 999) + one + `]}`
		require.Len(t, ok[results](t, s.send(t, "POST", "/v1/memories/batch", body), 200).Results, 1000)
		require.EqualValues(t, 1000, s.head(t, "default"))
	})
}

func TestForgetMatching(t *testing.T) {
	t.Parallel()
	s := setup(t)
	type forgotten = api.ForgetMatchingAnswer
	for i := range 6 {
		s.remember(t, fmt.Sprintf(`{"agent_id":"coach","user_id":"ana","content":%d,"confidence":0.%d,"metadata":{"topic":"t%d"}}`, i, i, i%2))
	}
	forget := func(body string) forgotten {
		return ok[forgotten](t, s.send(t, "POST", "/v1/memories/forget", body), 200)
	}
	// What was remembered just now is found without naming a sequence_id.
	require.Equal(t, forgotten{Matched: 3, Forgotten: 0, DryRun: true, SequenceID: 6}, forget(`{"metadata":{"topic":"t1"},"dry_run":true}`))
	require.Equal(t, forgotten{Matched: 6, Forgotten: 0, DryRun: true, SequenceID: 6}, forget(`{"agent_id":"coach","all":null,"reason":null,"dry_run":true}`), "null is left out")
	require.Equal(t, forgotten{Matched: 2, Forgotten: 2, DryRun: false, SequenceID: 8}, forget(`{"metadata":{"topic":"t1"},"min_confidence":0.3,"reason":"tidy"}`))
	require.Equal(t, forgotten{Matched: 0, Forgotten: 0, DryRun: false, SequenceID: 8}, forget(`{"agent_id":"nobody"}`))
	require.EqualValues(t, 8, s.head(t, "default"))
	require.Equal(t, 4, forget(`{"all":true}`).Forgotten)
	restored := ok[api.RestoreMatchingAnswer](t, s.send(t, "POST", "/v1/memories/restore", `{"filters":{"OR":[{"content":"4"},{"metadata.topic":"t1"}]}}`), 200)
	require.Equal(t, api.RestoreMatchingAnswer{Matched: 4, Restored: 4, SequenceID: 16}, restored)
	require.Equal(t, 2, forget(`{"filters":{"confidence":{"gte":0.4}},"dry_run":true}`).Matched, "forgotten ones are left alone")
}

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
