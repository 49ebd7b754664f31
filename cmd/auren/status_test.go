package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/cli"
	"github.com/auren-memory/auren/cmd/internal/health"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

func TestStatusReportsAnAccountThatMayNotUseJetStream(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		user func(*server.Options)
		says string
	}{
		"without permission": {func(o *server.Options) {
			o.Users = []*server.User{{Username: "u", Password: "p", Permissions: &server.Permissions{
				Publish: &server.SubjectPermission{Deny: []string{"$JS.API.>"}},
			}}}
		}, "does not let this account ask for the stream"},
		"disabled for the account": {func(o *server.Options) {
			o.Accounts = []*server.Account{server.NewAccount("other")}
			o.Users = []*server.User{{Username: "u", Password: "p", Account: o.Accounts[0]}}
		}, "JetStream not enabled for account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, JetStream: true, StoreDir: t.TempDir()}
			c.user(options)
			s, err := server.NewServer(options)
			require.NoError(t, err)
			s.Start()
			t.Cleanup(s.Shutdown)
			require.True(t, s.ReadyForConnections(patience))
			url := strings.Replace(s.ClientURL(), "nats://", "nats://u:p@", 1)
			stdout, _, code := call(t, "", "--db-dsn", pgtest.DSN(t), "--nats-url", url, "status")
			require.Equal(t, exitFailed, code)
			require.Contains(t, stdout, c.says)
		})
	}
}

func TestStatusReportsNATSWithoutJetStream(t *testing.T) {
	t.Parallel()
	bare, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true})
	require.NoError(t, err)
	bare.Start()
	t.Cleanup(bare.Shutdown)
	require.True(t, bare.ReadyForConnections(patience))
	stdout, _, code := call(t, "", "--db-dsn", pgtest.DSN(t), "--nats-url", bare.ClientURL(), "status")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stdout, "has no JetStream; start nats-server with -js")
}

func TestStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must("status")
	w.remember("something")
	w.must("list")
	require.Eventually(t, func() bool {
		_, _, code := call(t, "", w.args("status")...)
		return code == exitOK
	}, patience, tick)
	require.Regexp(t, `(?m)^tenant .* term  state$`, w.must("status"))
	h := decode[health.Report](t, w.must("status", "--json"))
	require.True(t, h.Ready)
	require.Len(t, h.Projections, 3)
	for _, p := range h.Projections {
		require.NotEmpty(t, p.Holder)
		require.EqualValues(t, 1, p.Head)
	}
	w.fails(exitFailed, "not ready", "status", "--nats-url", "nats://127.0.0.1:1")
	w.fails(exitFailed, "cannot be reached", "status", "--api", "--http-addr", "127.0.0.1:1")
	stdout, _, code := call(t, "", w.args("status", "--api", "--json", "--http-addr", "127.0.0.1:1")...)
	require.Equal(t, exitFailed, code)
	none := decode[cli.ServerHealth](t, stdout)
	require.False(t, none.Ready)
	require.Contains(t, none.Problem, "cannot be reached")
	url := start(t, append(settings(w.dsn, w.nats), "AUREN_HTTP_ADDR=127.0.0.1:0"), "server").url()
	some := decode[cli.ServerHealth](t, w.must("status", "--api", "--json", "--http-addr", strings.TrimPrefix(url, "http://")))
	require.True(t, some.Ready)
	require.Equal(t, "ok", some.Checks["database"])

	alone := pgtest.DSN(t)
	stdout, _, code = call(t, "", "--db-dsn", alone, "status")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stdout, "no projector runs")
	must(t, "--db-dsn", alone, "remember", "unprojected", "--agent", "a", "--user", "u")
	stdout, _, code = call(t, "", "--db-dsn", alone, "status")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stdout, "no projector has ever run")
	stdout, stderr, code := call(t, "", "--db-dsn", alone, "list")
	require.Zero(t, code)
	require.Equal(t, "no memories\n", stdout)
	require.Contains(t, stderr, "not up to date")
}

func TestStatusWaitsForProjectorsToShareTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 {
		start(t, settings(w.dsn, w.nats), "projector").Says("(projects)")
	}
	for n := range 4 {
		w.remember("something", "--tenant", fmt.Sprint("tenant", n))
		stdout, stderr, code := call(t, "", w.args("status")...)
		require.Zero(t, code, "%s%s", stdout, stderr)
	}
	w.must("rebuild")
	w.must("status")
}
