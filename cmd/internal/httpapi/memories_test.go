package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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
