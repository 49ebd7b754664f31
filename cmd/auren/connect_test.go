package main

import (
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
)

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
