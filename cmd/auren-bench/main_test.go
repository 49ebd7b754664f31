package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/internal/proctest"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func call(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs proctest.Output
	code = run(t.Context(), args, &out, &errs)
	return out.String(), errs.String(), code
}

func TestAPrivateServerSyncsAndIsRemovedAfterwards(t *testing.T) {
	dataDir := pgtest.DataDir(t)
	stdout, stderr, code := call(t, "--data-dir", dataDir, "freshness", "--quick", "--rounds", "1", "--json")
	require.Equal(t, terminal.ExitOK, code, stderr)
	var report measure.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Len(t, report.Results, 1)
	require.True(t, report.Machine.Private)
	for _, name := range []string{"fsync", "synchronous_commit"} {
		require.Contains(t, report.Machine.Settings, measure.Setting{Name: name, Value: "on"})
	}
	left, err := os.ReadDir(dataDir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAnEmptyDatabaseIsUsedAndOneWithMemoriesIsRefused(t *testing.T) {
	pool := pgtest.New(t)
	dsn := pool.Config().ConnString()
	stdout, stderr, code := call(t, "--db-dsn", dsn, "freshness", "--quick", "--rounds", "1")
	require.Equal(t, terminal.ExitOK, code, stderr)
	require.Contains(t, stdout, "commit → NATS message")
	require.Contains(t, stdout, "given by its DSN")

	_, err := pool.Exec(t.Context(), `insert into logs (tenant_id, hash, created_at) values ('kept', '', now())`)
	require.NoError(t, err)
	_, stderr, code = call(t, "--db-dsn", dsn, "freshness", "--quick")
	require.Equal(t, terminal.ExitFailed, code)
	require.Contains(t, stderr, "needs an empty database")
	kept := 0
	require.NoError(t, pool.QueryRow(t.Context(), `select count(*) from logs`).Scan(&kept))
	require.Equal(t, 1, kept)
}

func TestUsageErrorsNameTheFlag(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"append":                      {"nothing"},
		"--rounds must be at least 1": {"--rounds=-1"},
		"--events must be at least":   {"--events", "10"},
	} {
		_, stderr, code := call(t, args...)
		require.Equal(t, terminal.ExitUsage, code, stderr)
		require.Contains(t, stderr, want)
	}
}
