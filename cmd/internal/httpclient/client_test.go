package httpclient

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api"
)

func open(t *testing.T, server *httptest.Server) *Client {
	c, err := newClient(Config{URL: server.URL})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func TestAServerThatSaysNothingIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, begun := range map[string]bool{"no answer": false, "half an answer": true} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if begun && r.URL.Path != "/v1/events/live" {
				_, _ = w.Write([]byte("{"))
				_ = http.NewResponseController(w).Flush()
			}
			<-r.Context().Done()
		}))
		t.Cleanup(server.Close)
		c := open(t, server)
		c.getTimeout, c.callTimeout, c.maxSilence = 10*time.Millisecond, 20*time.Millisecond, 30*time.Millisecond
		require.ErrorContains(t, c.checkServer(t.Context()), server.URL+" does not answer within 10ms", name)
		_, err := c.Do(t.Context(), api.Caller{}, api.GetStats.Operation, []byte("{}"))
		require.ErrorContains(t, err, server.URL+" does not answer within 20ms", name)
		err = c.Follow(t.Context(), api.Caller{}, api.FollowLog.Operation, []byte("{}"), nil)
		require.ErrorContains(t, err, server.URL+" does not answer within 30ms", name)
	}
}

func TestACommandWhoseAnswerIsLostMayHaveBeenCarriedOut(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]http.HandlerFunc{
		"cut":     func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"a proxy": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGatewayTimeout) },
	} {
		server := httptest.NewServer(lose)
		t.Cleanup(server.Close)
		c, remember := open(t, server), []byte(`{"agent_id":"a","user_id":"u","content":1}`)
		const unknown = "the command may have been carried out all the same"
		_, err := c.Do(t.Context(), api.Caller{}, api.Remember.Operation, remember)
		require.ErrorContains(t, err, unknown, name)
		_, err = c.Do(t.Context(), api.Caller{}, api.GetStats.Operation, []byte("{}"))
		require.Error(t, err)
		require.NotContains(t, err.Error(), unknown, name)
		server.Close()
		_, err = open(t, server).Do(t.Context(), api.Caller{}, api.Remember.Operation, remember)
		require.Error(t, err)
		require.NotContains(t, err.Error(), unknown, "it was not sent")
	}
}
