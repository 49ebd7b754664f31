package embedding_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/embedding"
)

const key = "s3cret-key"

// server answers as an endpoint of embeddings does, until it is told to misbehave.
type server struct {
	*httptest.Server

	mu       sync.Mutex
	batches  [][]string
	misdeeds []http.HandlerFunc // each for one request; nil for a good answer
	always   func(texts []string) http.HandlerFunc
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Model string
		Input []string
	}
	if json.NewDecoder(r.Body).Decode(&asked) != nil || r.URL.Path != "/v1/embeddings" || r.Header.Get("Authorization") != "Bearer "+key {
		http.Error(w, `{"error": {"message": "a bad request"}}`, http.StatusNotFound)
		return
	}
	s.mu.Lock()
	s.batches = append(s.batches, asked.Input)
	var misdeed http.HandlerFunc
	if s.always != nil {
		misdeed = s.always(asked.Input)
	}
	if len(s.misdeeds) > 0 {
		misdeed, s.misdeeds = s.misdeeds[0], s.misdeeds[1:]
	}
	s.mu.Unlock()
	if misdeed != nil {
		misdeed(w, r)
		return
	}
	var data []string
	for i, text := range asked.Input { // last first: the index counts, not the order
		data = append([]string{fmt.Sprintf(`{"index": %d, "embedding": [%d, 0, 0]}`, i, len(text))}, data...)
	}
	_, _ = fmt.Fprintf(w, `{"data": [%s]}`, strings.Join(data, ","))
}

func (s *server) requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.batches)
}

func (s *server) endpoint(t *testing.T, change func(*embedding.EndpointConfig)) *embedding.Endpoint {
	t.Helper()
	config := embedding.EndpointConfig{URL: s.URL, Model: "small", Key: key, Pause: time.Millisecond}
	if change != nil {
		change(&config)
	}
	e, err := embedding.NewEndpoint(config)
	require.NoError(t, err)
	t.Cleanup(e.Close)
	return e
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// hangs answers nothing until the client gives up.
func hangs(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// dies sends the first half of an answer and breaks the connection.
func dies(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"data": [{"index": 0, "embed`)
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func TestTextsAreSentInBatchesAndComeBackInOrder(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	e := s.endpoint(t, nil)
	texts := make([]string, 70)
	for i := range texts {
		texts[i] = strings.Repeat("x", i)
	}
	s.always = func(asked []string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			var data []string
			for _, text := range asked {
				data = append(data, fmt.Sprintf(`{"embedding": [1, %d]}`, len(text)))
			}
			_, _ = fmt.Fprintf(w, `{"data": [%s]}`, strings.Join(data, ","))
		}
	}
	vectors, err := e.Embed(t.Context(), texts)
	require.NoError(t, err)
	require.Len(t, vectors, 70)
	for i, vector := range vectors {
		require.InDelta(t, max(1, i), vector[1]/vector[0], 1e-4)
		require.InDelta(t, 1, vector[0]*vector[0]+vector[1]*vector[1], 1e-6)
	}
	require.Len(t, s.batches, 3)
	require.Len(t, s.batches[0], embedding.BatchTexts)
	require.Len(t, s.batches[2], 6)
	require.Equal(t, ".", s.batches[0][0], "an empty text is none that endpoints take")

	model, err := e.Model(t.Context())
	require.NoError(t, err)
	require.Equal(t, embedding.Model{Name: "small", Dimensions: 2}, model)
}

func TestTheIndexOfAnEmbeddingCounts(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.misdeeds = []http.HandlerFunc{says(200, `{"data": [{"index": 1, "embedding": [0, 1]}, {"index": 0, "embedding": [1, 0]}]}`)}
	vectors, err := s.endpoint(t, nil).Embed(t.Context(), []string{"a", "b"})
	require.NoError(t, err)
	require.Equal(t, [][]float32{{1, 0}, {0, 1}}, vectors)
}

func TestALongTextIsCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	_, err := s.endpoint(t, nil).Embed(t.Context(), []string{"x" + strings.Repeat("é", 5000), "bad\xff"})
	require.NoError(t, err)
	require.Equal(t, "x"+strings.Repeat("é", 3999), s.batches[0][0])
	require.Equal(t, "bad\ufffd", s.batches[0][1])
}

func TestWhatPassesIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, misdeed := range map[string]http.HandlerFunc{
		"busy":              says(429, ""),
		"broken":            says(500, "oops"),
		"bad gateway":       says(502, "<html>"),
		"killed half-way":   dies,
		"no JSON":           says(200, "<html>"),
		"NaN":               says(200, `{"data": [{"embedding": [NaN, 0, 1]}]}`),
		"null":              says(200, `{"data": [{"embedding": [null, 0, 1]}]}`),
		"infinite":          says(200, `{"data": [{"embedding": [1e99, 0, 1]}]}`),
		"zeros":             says(200, `{"data": [{"embedding": [0, 0, 0]}]}`),
		"too few":           says(200, `{"data": []}`),
		"too many":          says(200, `{"data": [{"embedding": [1]}, {"embedding": [1]}]}`),
		"no dimensions":     says(200, `{"data": [{"embedding": []}]}`),
		"a wrong index":     says(200, `{"data": [{"index": 7, "embedding": [1, 0, 0]}]}`),
		"an endless answer": says(200, strings.Repeat(" ", 1<<20)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.misdeeds = []http.HandlerFunc{misdeed, misdeed}
			vectors, err := s.endpoint(t, nil).Embed(t.Context(), []string{"a text"})
			require.NoError(t, err)
			require.Equal(t, [][]float32{{1, 0, 0}}, vectors)
			require.Equal(t, 3, s.requests())
		})
	}
}

func TestAnEndpointThatStaysDownIsUnavailable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		misdeed http.HandlerFunc
		want    string
	}{
		"broken":    {says(500, "oops"), "500 Internal Server Error"},
		"killed":    {dies, "unexpected EOF"},
		"busy":      {says(429, ""), "429 Too Many Requests"},
		"slow":      {hangs, "no answer within 50ms"},
		"NaN":       {says(200, `{"data": [{"embedding": [NaN]}]}`), "no list of embeddings"},
		"too short": {says(200, `{"data": []}`), "0 embeddings for 1 texts"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.always = func([]string) http.HandlerFunc { return test.misdeed }
			e := s.endpoint(t, func(c *embedding.EndpointConfig) { c.Attempts, c.Timeout = 2, 50*time.Millisecond })
			_, err := e.Embed(t.Context(), []string{"a text"})
			require.ErrorIs(t, err, embedding.ErrUnavailable)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), key)
			_, err = e.Model(t.Context())
			require.ErrorIs(t, err, embedding.ErrUnavailable)
		})
	}
	s := newServer(t)
	e := s.endpoint(t, func(c *embedding.EndpointConfig) { c.Attempts = 2 })
	s.Close()
	_, err := e.Embed(t.Context(), []string{"a text"})
	require.ErrorIs(t, err, embedding.ErrUnavailable)
	require.ErrorContains(t, err, "connection refused")
}

func TestSettingsAreToBlame(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		misdeed http.HandlerFunc
		want    string
	}{
		"a wrong key":     {says(401, `{"error": {"message": "`+key+` is wrong"}}`), "401 Unauthorized: the API key must be one that the endpoint accepts"},
		"a forbidden key": {says(403, ""), "403 Forbidden: the API key"},
		"no such model":   {says(404, `{"error": "model small not found, your key is `+key+`"}`), `404 Not Found (model small not found, your key is ***): the URL must be`},
		"every text":      {says(400, `{"error": {"message": "unknown field encoding_format"}}`), "400 Bad Request (unknown field encoding_format)"},
		"a redirection":   {http.RedirectHandler("/elsewhere", http.StatusTemporaryRedirect).ServeHTTP, "307 Temporary Redirect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.always = func([]string) http.HandlerFunc { return test.misdeed }
			_, err := s.endpoint(t, nil).Embed(t.Context(), []string{"a text"})
			require.ErrorIs(t, err, embedding.ErrMisconfigured)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), key)
			require.LessOrEqual(t, s.requests(), 2, "nothing is gained by trying again")
		})
	}
}

func TestOtherDimensionsThanBeforeAreRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	e := s.endpoint(t, nil)
	s.misdeeds = []http.HandlerFunc{nil, says(200, `{"data": [{"embedding": [1, 2]}]}`)}
	_, err := e.Embed(t.Context(), []string{"a text"})
	require.NoError(t, err)
	_, err = e.Embed(t.Context(), []string{"a text"})
	require.ErrorIs(t, err, embedding.ErrMisconfigured)
	require.ErrorContains(t, err, "3 dimensions before and have 2 now")
}

func TestATextThatTheEndpointNeverTakesIsRefusedAndNotRepeated(t *testing.T) {
	t.Parallel()
	for name, misdeed := range map[string]http.HandlerFunc{
		"400": says(400, `{"error": {"message": "poison is too long"}}`),
		"413": says(413, ""),
		"422": says(422, ""),
		"NaN": says(200, `{"data": [{"embedding": [NaN]}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			s.always = func(texts []string) http.HandlerFunc {
				if strings.Contains(strings.Join(texts, " "), "poison") {
					return misdeed
				}
				return nil
			}
			e := s.endpoint(t, nil)
			_, err := e.Embed(t.Context(), []string{"a text", "poison"})
			require.ErrorIs(t, err, embedding.ErrRefused)
			require.NotContains(t, err.Error(), "poison")
			_, err = e.Embed(t.Context(), []string{"a text"})
			require.NoError(t, err)
		})
	}
}

func TestAQuestionWaitsNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.always = func([]string) http.HandlerFunc { return hangs }
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	_, err := s.endpoint(t, nil).Embed(ctx, []string{"a question"})
	require.ErrorIs(t, err, context.DeadlineExceeded)

	// An endpoint that asks to be left alone for longer than that gets no second request, and the question no wait.
	busy := newServer(t)
	busy.always = func([]string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "20")
			w.WriteHeader(429)
		}
	}
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	began := time.Now()
	_, err = busy.endpoint(t, nil).Embed(ctx, []string{"a question"})
	require.ErrorIs(t, err, embedding.ErrUnavailable)
	require.Less(t, time.Since(began), 5*time.Second)
	require.Equal(t, 1, busy.requests())
}

func TestRetryAfterIsWaitedFor(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.misdeeds = []http.HandlerFunc{func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(503)
	}}
	began := time.Now()
	_, err := s.endpoint(t, nil).Embed(t.Context(), []string{"a text"})
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(began), time.Second)
}

func TestTheURLMayNameTheWholePath(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for _, suffix := range []string{"", "/", "/v1", "/v1/", "/v1/embeddings"} {
		_, err := s.endpoint(t, func(c *embedding.EndpointConfig) { c.URL += suffix }).Embed(t.Context(), []string{"a text"})
		require.NoError(t, err, suffix)
	}
	_, err := embedding.NewEndpoint(embedding.EndpointConfig{URL: "localhost"})
	require.ErrorContains(t, err, "must be an http or https URL")
}
