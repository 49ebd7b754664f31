package httpapi_test

import (
	"context"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/api"
	"github.com/auren-memory/auren/cmd/internal/httpapi"
)

func TestOnLoopbackOnlyAddressesAndLocalhostAreAnswered(t *testing.T) {
	t.Parallel()
	asked := func(t *testing.T, addr, host string) reply {
		t.Helper()
		server := httpapi.NewOperations(api.New(api.Deps{}), httpapi.Operations{}, httpapi.Config{Addr: addr})
		bound, err := server.Listen(t.Context())
		require.NoError(t, err)
		background(t, server.Run)
		client := &http.Client{Transport: &http.Transport{DialContext: dialing(bound.String())}}
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

// dialing connects to one address, whatever the name.
func dialing(addr string) func(ctx context.Context, network, named string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
}
