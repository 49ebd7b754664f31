package main

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/internal/proctest"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func call(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs proctest.Output
	code = run(t.Context(), args, &out, &errs)
	return out.String(), errs.String(), code
}

func TestAPrivateServerIsRemovedAfterwards(t *testing.T) {
	dataDir := pgtest.DataDir(t)
	stdout, stderr, code := call(t, "--data-dir", dataDir, "append", "--quick", "--rounds", "1", "--json")
	require.Equal(t, exitOK, code, stderr)
	var report measure.Report
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	require.Len(t, report.Results, 6)
	require.True(t, report.Machine.Private)
	left, err := os.ReadDir(dataDir)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAnEmptyDatabaseIsUsedAndOneWithMemoriesIsRefused(t *testing.T) {
	pool := pgtest.New(t)
	dsn := pool.Config().ConnString()
	stdout, stderr, code := call(t, "--db-dsn", dsn, "freshness", "--quick", "--rounds", "1")
	require.Equal(t, exitOK, code, stderr)
	require.Contains(t, stdout, "commit → NATS message")
	require.Contains(t, stdout, "given by its DSN")

	log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
	defer appends.Close()
	id := uuid.New()
	_, err := commands.New(log, appends, commands.Config{}).Remember(t.Context(), commands.Request{Tenant: domain.DefaultTenant},
		commands.Remember{ID: &id, Draft: memory.Draft{AgentID: "a", UserID: "u", Content: canonjson.MustParse(`"kept"`)}})
	require.NoError(t, err)
	_, stderr, code = call(t, "--db-dsn", dsn, "freshness", "--quick")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "needs an empty database")
	kept, _, err := log.ReadStream(t.Context(), domain.DefaultTenant, id, 1, eventstore.Forwards, 10)
	require.NoError(t, err)
	require.Len(t, kept, 1)
}

func TestUsageErrorsNameTheFlag(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"append":                      {"nothing"},
		"--rounds must be at least 1": {"--rounds=-1"},
		"--events must be at least":   {"--events", "10"},
	} {
		_, stderr, code := call(t, args...)
		require.Equal(t, exitUsage, code, stderr)
		require.Contains(t, stderr, want)
	}
}
