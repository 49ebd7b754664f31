package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/proctest"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

func TestFailingToPrintIsAFailure(t *testing.T) {
	t.Parallel()
	unwritable, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer unwritable.Close()
	read, unread, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, read.Close())
	defer unread.Close()

	dsn := pgtest.DSN(t)
	for _, args := range [][]string{
		{"version"}, {"--version"}, {"--help"}, {"verify"}, {"verify", "--json"}, {"list"}, {"list", "--json"}, {"recall", "x"},
	} {
		args = append([]string{"--db-dsn", dsn}, args...)
		var said proctest.Output
		require.Equal(t, exitFailed, run(t.Context(), args, strings.NewReader(""), unwritable, &said), "%v", args)
		require.Equal(t, "auren: write "+os.DevNull+": bad file descriptor\n", said.String(), args)

		said = proctest.Output{}
		require.Equal(t, exitOK, run(t.Context(), args, strings.NewReader(""), unread, &said), "%v", args)
		require.Empty(t, said.String(), args)
	}

	var said proctest.Output
	require.Equal(t, exitUsage, run(t.Context(), []string{"verify", "--loud"}, strings.NewReader(""), unwritable, &said))
	require.Contains(t, said.String(), "unknown flag --loud")
	said = proctest.Output{}
	code := run(t.Context(), []string{"--db-dsn", dsn, "status", "--nats-url", "nats://127.0.0.1:1"}, strings.NewReader(""), unread, &said)
	require.Equal(t, exitFailed, code)
	require.Equal(t, "auren: not ready\n", said.String(), "the command's own failure is reported")
	said = proctest.Output{}
	code = run(t.Context(), []string{"--db-dsn", dsn, "status", "--nats-url", "nats://127.0.0.1:1"}, strings.NewReader(""), unwritable, &said)
	require.Equal(t, exitFailed, code)
	require.Equal(t, "auren: not ready\nwrite "+os.DevNull+": bad file descriptor\n", said.String())
}
