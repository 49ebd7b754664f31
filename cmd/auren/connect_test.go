package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestADatabaseThatCannotBeReachedIsOneLine(t *testing.T) {
	t.Parallel()
	const dsn = "postgres://nobody@127.0.0.1:1/x"
	for _, args := range [][]string{{"list"}, {"init"}, {"verify"}, {"replay"}} {
		stdout, stderr, code := call(t, "", append([]string{"--db-dsn", dsn, "--db-wait", "300ms"}, args...)...)
		require.Equal(t, exitFailed, code)
		require.Empty(t, stdout)
		require.Equal(t, "auren: PostgreSQL (x on 127.0.0.1:1 as nobody) cannot be reached: connect: connection refused\n", stderr)
	}
	stdout, _, code := call(t, "", "--db-dsn", dsn, "status")
	require.Equal(t, exitFailed, code)
	require.Equal(t, 1, strings.Count(stdout, "127.0.0.1:1"), stdout)

	_, stderr, code := call(t, "", "--db-dsn", dsn, "--db-wait", "1500ms", "list")
	require.Equal(t, exitFailed, code)
	require.Regexp(t, `^waiting up to 1\.5s for PostgreSQL \(x on 127\.0\.0\.1:1 as nobody\)\nauren: [^\n]*\n$`, stderr)
}
