package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/cli"
	"github.com/auren-memory/auren/cmd/internal/health"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

func TestStatusReportsANATSServerThatTheRelayCannotUse(t *testing.T) {
	t.Parallel()
	other := server.NewAccount("other")
	for says, options := range map[string]*server.Options{
		"does not let this account ask for the stream": {JetStream: true, Users: []*server.User{{Username: "u", Password: "p", Permissions: &server.Permissions{
			Publish: &server.SubjectPermission{Deny: []string{"$JS.API.>"}},
		}}}},
		"JetStream not enabled for account": {
			JetStream: true, Accounts: []*server.Account{other}, Users: []*server.User{{Username: "u", Password: "p", Account: other}},
		},
		"has no JetStream; start nats-server with -js": {},
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			options.StoreDir = t.TempDir()
			url := strings.Replace(serveNATS(t, options).ClientURL(), "nats://", "nats://u:p@", 1)
			require.Contains(t, fails(t, exitFailed, "", "--db-dsn", pgtest.DSN(t), "--nats-url", url, "status"), says)
		})
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.must("status")
	w.remember("something")
	w.must("list")
	require.Eventually(t, func() bool {
		_, _, code := w.call("status")
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
	none := decode[cli.ServerHealth](t, fails(t, exitFailed, "", w.args("status", "--api", "--json", "--http-addr", "127.0.0.1:1")...))
	require.False(t, none.Ready)
	require.Contains(t, none.Problem, "cannot be reached")
	url := start(t, append(settings(w.dsn, w.nats), "AUREN_HTTP_ADDR=127.0.0.1:0"), "server").url()
	some := decode[cli.ServerHealth](t, w.must("status", "--api", "--json", "--http-addr", strings.TrimPrefix(url, "http://")))
	require.True(t, some.Ready)
	require.Equal(t, "ok", some.Checks["database"])

	alone := pgtest.DSN(t)
	require.Contains(t, fails(t, exitFailed, "", "--db-dsn", alone, "status"), "no projector runs")
	id := decode[commands.Receipt](t, must(t, "--db-dsn", alone, "remember", "unprojected", "--agent", "a", "--user", "u", "--json")).ID.String()
	require.Contains(t, fails(t, exitFailed, "", "--db-dsn", alone, "status"), "no projector has ever run")
	const late = "auren: this answer is not up to date: the projection agent_memories is at event 0, 1 behind event 1; is a projector running? `auren status` tells\n"
	url = start(t, settings(alone, w.nats), "server").url()
	require.Regexp(t, "^server +unready +no projector has ever run: start one\n$", fails(t, exitFailed, "auren: not ready\n", "--url", url, "status"))
	for _, door := range [][]string{{"--db-dsn", alone}, {"--url", url}} {
		stdout, stderr, code := call(t, "", append(door, "list")...)
		require.Zero(t, code)
		require.Equal(t, "no memories\n", stdout)
		require.Equal(t, late, stderr)
		_, stderr, code = call(t, "", append(door, "show", id)...)
		require.Equal(t, exitFailed, code)
		require.Equal(t, late+"auren: there is no memory "+id+", or it is not there yet\n", stderr)
	}
}

func TestStatusWaitsForProjectorsToShareTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 {
		start(t, settings(w.dsn, w.nats), "projector").Says("(projects)")
	}
	for n := range 4 {
		w.remember("something", "--tenant", fmt.Sprint("tenant", n))
		stdout, stderr, code := w.call("status")
		require.Zero(t, code, "%s%s", stdout, stderr)
	}
	w.must("rebuild")
	w.must("status")
}

func TestAnUnreachableServerIsReportedInOneLine(t *testing.T) {
	t.Parallel()
	const dsn = "postgres://nobody@127.0.0.1:1/x"
	for _, args := range [][]string{{"list"}, {"init"}, {"verify"}, {"replay"}} {
		stdout, stderr, code := call(t, "", append([]string{"--db-dsn", dsn, "--db-wait", "300ms"}, args...)...)
		require.Equal(t, exitFailed, code)
		require.Empty(t, stdout)
		require.Equal(t, "auren: PostgreSQL (x on 127.0.0.1:1 as nobody) cannot be reached: connect: connection refused\n", stderr)
	}
	_, stderr, code := call(t, "", "--db-dsn", "postgres://nobody@nowhere.invalid/x", "--db-wait", "300ms", "list")
	require.Equal(t, exitFailed, code)
	require.Regexp(t, `^auren: PostgreSQL \(x on nowhere\.invalid:5432 as nobody\) cannot be reached: lookup nowhere\.invalid[^\n]*\n$`, stderr)
	require.Equal(t, 1, strings.Count(stderr, "lookup"), stderr)
	stdout := fails(t, exitFailed, "", "--db-dsn", dsn, "status")
	require.Equal(t, 1, strings.Count(stdout, "127.0.0.1:1"), stdout)

	const nats = "nats://u:s3cret@127.0.0.1:1,nats://s3cret@[::1]:1"
	const explainConnectError = "NATS (127.0.0.1:1, [::1]:1) cannot be reached: no servers available for connection\n"
	require.Contains(t, fails(t, exitFailed, "", "--db-dsn", dsn, "--nats-url", nats, "status"), "nats      unready  "+explainConnectError)
	_, stderr, code = call(t, "", "--nats-url", nats, "watch")
	require.Equal(t, exitFailed, code)
	require.Equal(t, "auren: "+explainConnectError, stderr)

	_, stderr, code = call(t, "", "--db-dsn", dsn, "--db-wait", "1500ms", "list")
	require.Equal(t, exitFailed, code)
	require.Regexp(t, `^waiting up to 1\.5s for PostgreSQL \(x on 127\.0\.0\.1:1 as nobody\)\nauren: [^\n]*\n$`, stderr)
}

func TestARefusingNATSServerIsNamedWithoutThePassword(t *testing.T) {
	t.Parallel()
	guarded := serveNATS(t, &server.Options{Authorization: "other"})
	addr := guarded.Addr().String()
	_, stderr, code := call(t, "", "--nats-url", "nats://s3cret@"+addr, "watch")
	require.Equal(t, exitFailed, code)
	require.Equal(t, "auren: NATS ("+addr+") refused the connection: Authorization Violation\n", stderr)
}
