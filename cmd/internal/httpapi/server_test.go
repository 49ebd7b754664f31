package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
	"github.com/auren-memory/auren/projections"
)

func TestOperations(t *testing.T) {
	t.Parallel()
	s := setup(t)
	r := s.remember(t, coffee)
	s.send(t, "GET", fmt.Sprintf("/v1/memories?min_sequence_id=%d", r.SequenceID), "")
	s.send(t, "POST", "/v1/memories/search", fmt.Sprintf(`{"query":"coffee","min_sequence_id":%d}`, r.SequenceID))

	type health struct {
		Status string
		Checks map[string]string
	}
	require.Equal(t, "live", ok[health](t, s.send(t, "GET", "/health/live", ""), 200).Status)
	require.Equal(t, health{"ready", map[string]string{"database": "ok"}}, ok[health](t, s.send(t, "GET", "/health/ready", ""), 200))
	require.Equal(t, "v1.2.3", ok[map[string]any](t, s.send(t, "GET", "/version", ""), 200)["version"])
	all := ok[struct{ Projections []projections.Status }](t, s.send(t, "GET", "/projections", ""), 200).Projections
	require.Len(t, all, 2)
	require.Equal(t, "agent_memories", all[0].Projection)
	require.EqualValues(t, 1, all[0].SequenceID)

	s.send(t, "GET", "/nowhere", "")
	metrics := string(s.send(t, "GET", "/metrics", "").body)
	for _, want := range []string{
		`auren_http_requests_total{method="POST",route="/v1/memories",status="2xx"} 1`,
		`auren_http_requests_total{method="GET",route="unmatched",status="4xx"} 1`,
		`auren_http_request_duration_seconds_count{method="GET",route="/v1/memories"} 1`,
		`auren_build_info{go_version="go`, `auren_db_pool_connections{state="idle"}`, `go_goroutines`,
	} {
		require.Contains(t, metrics, want)
	}
}

func TestUnready(t *testing.T) {
	t.Parallel()
	s := serve(t, httpapi.NewOperations(api.New(api.Deps{}), httpapi.Operations{
		Ready: func(context.Context) (bool, map[string]string) {
			return false, map[string]string{"database": "cannot be reached"}
		},
	}, httpapi.Config{}))
	r := s.send(t, "GET", "/health/ready", "")
	require.Equal(t, 503, r.status)
	require.JSONEq(t, `{"status":"unready","checks":{"database":"cannot be reached"}}`, string(r.body))
	require.Equal(t, 200, s.send(t, "GET", "/health/live", "").status)
	r = s.send(t, "GET", "/projections", "")
	problem(t, r, 503)
	require.Equal(t, "1", r.header.Get("Retry-After"))
	require.Contains(t, problem(t, s.send(t, "GET", "/v1/memories", ""), 404).Detail, "this is a projector")
	problem(t, s.send(t, "GET", "/metrics", ""), 404)
}

func TestUnknownRoutesAndOriginsAreRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := problem(t, s.send(t, "GET", "/v1/nothing", ""), 404)
	require.Equal(t, "urn:auren:problem:not-found", p.Type)

	r := s.send(t, "PUT", "/v1/memories", `{}`)
	require.Equal(t, "urn:auren:problem:method-not-allowed", problem(t, r, 405).Type)
	require.Equal(t, "GET, HEAD, POST", r.header.Get("Allow"))
	problem(t, s.send(t, "OPTIONS", "/v1/memories", ""), 405)
	problem(t, s.send(t, "BREW", "/v1/memories", ""), 405)

	r = s.send(t, "POST", "/v1/memories", coffee, "Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site")
	require.Equal(t, "urn:auren:problem:forbidden", problem(t, r, 403).Type)
	require.Zero(t, s.head(t, "default"))
}

func TestAPanicIsAProblemAndIsLogged(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.ErrorLevel)
	failing := api.New(api.Deps{
		Projections: func(context.Context) ([]projections.Status, error) { return nil, errors.New("secret two") },
	})
	s := serve(t, httpapi.NewOperations(failing, httpapi.Operations{
		Log:   zap.New(core),
		Ready: func(context.Context) (bool, map[string]string) { panic("secret one") },
	}, httpapi.Config{}))
	for i, path := range []string{"/health/ready", "/projections"} {
		r := s.send(t, "GET", path, "")
		p := problem(t, r, 500)
		require.NotContains(t, string(r.body), "secret")
		entry := logs.All()[i]
		require.Equal(t, p.RequestID, entry.ContextMap()["request_id"])
		require.Contains(t, entry.ContextMap()["error"], "secret")
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	t.Run("ends live feeds and returns nil", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		server := httpapi.New(api.New(s.deps), s.operations, httpapi.Config{Addr: "127.0.0.1:0"})
		listening, err := server.Listen(t.Context())
		require.NoError(t, err)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		stopped := make(chan error, 1)
		go func() { stopped <- server.Run(ctx) }()
		s.url = "http://" + listening.String()
		f := s.follow(t, "")
		stop()
		require.Empty(t, f.piece())
		require.Eventually(t, func() bool { return len(stopped) == 1 }, 30*time.Second, time.Millisecond, "still running")
		require.NoError(t, <-stopped)
	})
	t.Run("names the setting of an address that is taken", func(t *testing.T) {
		t.Parallel()
		taken, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer taken.Close()
		err = httpapi.NewOperations(api.New(api.Deps{}), httpapi.Operations{}, httpapi.Config{Addr: taken.Addr().String()}).Run(t.Context())
		require.ErrorContains(t, err, "AUREN_HTTP_ADDR")
		require.ErrorContains(t, err, "address already in use")
	})
	t.Run("cuts off a reader that takes nothing", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		big := fmt.Sprintf(`{"agent_id":"a","user_id":"u","content":"%s"}`, strings.Repeat("x", 900_000))
		for range 6 {
			s.remember(t, big)
		}
		answered := make(chan int, 1)
		s.operations.Answered = func(_, _ string, status int, _ time.Duration) { answered <- status }
		server := httpapi.New(api.New(s.deps), s.operations, httpapi.Config{Addr: "127.0.0.1:0", WriteTimeout: 200 * time.Millisecond})
		listening, err := server.Listen(t.Context())
		require.NoError(t, err)
		background(t, server.Run)
		conn, err := net.Dial("tcp", listening.String())
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4096))
		_, err = io.WriteString(conn, "GET /v1/events/live?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n")
		require.NoError(t, err)
		line, err := bufio.NewReader(conn).ReadString('\n')
		require.NoError(t, err)
		require.Contains(t, line, "200 OK")
		require.Eventually(t, func() bool { return len(answered) == 1 }, 30*time.Second, time.Millisecond, "the feed goes on")
	})
}

func TestOnLoopbackOnlyAddressesAndLocalhostAreAnswered(t *testing.T) {
	t.Parallel()
	asked := func(t *testing.T, addr, host string) reply {
		t.Helper()
		server := httpapi.NewOperations(api.New(api.Deps{}), httpapi.Operations{}, httpapi.Config{Addr: addr})
		bound, err := server.Listen(t.Context())
		require.NoError(t, err)
		background(t, server.Run)
		client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, bound.String())
		}}}
		t.Cleanup(client.CloseIdleConnections)
		return (&service{url: "http://" + host, client: client}).send(t, "GET", "/version", "")
	}
	for _, host := range []string{"127.0.0.1", "127.0.0.1:7430", "[::1]", "[::1]:7430", "192.0.2.1", "localhost", "LocalHost:80"} {
		require.Equal(t, 200, asked(t, "127.0.0.1:0", host).status, host)
	}
	for _, host := range []string{"evil.example", "evil.example:7430", "localhost.evil.example", "127.0.0.1.evil.example", "evil-localhost:80"} {
		p := problem(t, asked(t, "127.0.0.1:0", host), http.StatusMisdirectedRequest)
		require.Equal(t, "urn:auren:problem:misdirected", p.Type)
		require.Equal(t, "Host", p.Errors[0].Field)
		require.Equal(t, 200, asked(t, "0.0.0.0:0", host).status, "a server that listens elsewhere answers to any name")
	}
}
