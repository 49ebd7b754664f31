package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/bench"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

func TestBenchOnAPrivateServerThatIsRemoved(t *testing.T) {
	dataDir := pgtest.DataDir(t)
	svg := filepath.Join(t.TempDir(), "plot.svg")
	require.NoError(t, os.WriteFile(svg, make([]byte, 1<<20), 0o600), "a longer one is replaced")
	said := must(t, "--data-dir", dataDir, "bench", "append", "--quick", "--rounds", "1", "--json", "--svg", svg)
	report := decode[bench.Report](t, said)
	require.Len(t, report.Results, 6)
	require.True(t, report.Machine.Private)
	plotted, err := os.ReadFile(svg)
	require.NoError(t, err)
	require.Contains(t, string(plotted), "</svg>\n")
	require.NotContains(t, string(plotted), "\x00")
	left, err := os.ReadDir(dataDir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestBenchOnAnEmptyDatabaseOfItsOwn(t *testing.T) {
	dsn := pgtest.DSN(t)
	said := must(t, "--db-dsn", dsn, "bench", "freshness", "--quick", "--rounds", "1")
	require.Contains(t, said, "commit → NATS message")
	require.Contains(t, said, "given by its DSN")

	must(t, "--db-dsn", dsn, "remember", "kept", "--agent", "a", "--user", "u")
	_, stderr, code := call(t, "", "--db-dsn", dsn, "bench", "freshness", "--quick")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "needs an empty database")
	require.Contains(t, must(t, "--db-dsn", dsn, "replay"), "kept")
}

func TestBenchNamesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"append":            {"nothing"},
		"--rounds is -1":    {"--rounds=-1"},
		"--events is 10":    {"--events", "10"},
		"nothing to plot":   {"reads", "--svg", filepath.Join(t.TempDir(), "x.svg")},
		"no such file or d": {"--svg", filepath.Join(t.TempDir(), "missing", "x.svg")},
	} {
		_, stderr, code := call(t, "", append([]string{"bench"}, args...)...)
		require.Equal(t, exitUsage, code, stderr)
		require.Contains(t, stderr, want)
	}
}
