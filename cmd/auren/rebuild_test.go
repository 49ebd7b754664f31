package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/projections/rebuild"
	"github.com/auren-memory/auren/projections/runner"
)

// projected returns a database whose read models hold a number of memories.
func projected(t *testing.T, memories int) *pgxpool.Pool {
	t.Helper()
	pool := pgtest.New(t)
	log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
	t.Cleanup(appends.Close)
	handler := commands.New(log, appends, commands.Config{})
	const batch = 500
	for n := 0; n < memories; n += batch {
		all := make([]commands.Remember, batch)
		for i := range all {
			all[i] = commands.Remember{Draft: memory.Draft{AgentID: fmt.Sprint("agent", i%7), UserID: "ana", Content: canonjson.MustParse(fmt.Sprintf(`"memory %d of %s"`, n+i, strings.Repeat("words that are indexed ", 20)))}}
		}
		results, err := handler.RememberBatch(t.Context(), commands.Request{Tenant: domain.DefaultTenant}, all)
		require.NoError(t, err)
		for _, r := range results {
			require.NoError(t, r.Err)
		}
	}
	for _, p := range stack.ReadModels() {
		watcher := eventstore.NewWatcher(pool, eventstore.LogChannel, zap.NewNop())
		require.NoError(t, runner.New(pool, log, watcher, runner.Config{}, p).CatchUp(t.Context()))
	}
	return pool
}

func dsnOf(pool *pgxpool.Pool) []string {
	return []string{"AUREN_DB_DSN=" + pool.Config().ConnString()}
}

func TestTheNextRebuildDropsTheRemainsOfAKilledOne(t *testing.T) {
	t.Parallel()
	pool := projected(t, 15_000)
	killed := start(t, dsnOf(pool), "rebuild")
	killed.WaitUntil("it is half-way", func() bool {
		status, err := rebuild.ReadStatus(t.Context(), pool)
		return err == nil && status != nil && status.Done > 0
	})
	killed.Kill()
	var left *rebuild.Status
	require.Eventually(t, func() bool {
		var err error
		left, err = rebuild.ReadStatus(t.Context(), pool)
		return err == nil && left != nil && !left.Running
	}, patience, tick, "the database server has noticed that the process is gone")
	require.Less(t, left.Done, left.Total, "it was killed before the end")
	said, _, _ := call(t, "", "status", "--db-dsn", pool.Config().ConnString())
	require.Regexp(t, "rebuild +left behind +auren_agent_memories_g3 and auren_search_g4; the next `auren rebuild` drops", said)

	again := start(t, dsnOf(pool), "rebuild")
	require.Zero(t, again.Code(), again.Stderr.String())
	require.Contains(t, again.Stdout.String(), "rebuilt")
	left, err := rebuild.ReadStatus(t.Context(), pool)
	require.NoError(t, err)
	require.Nil(t, left)

	verified := start(t, dsnOf(pool), "rebuild", "--verify", "--json")
	require.Zero(t, verified.Code(), verified.Stdout.String())
	found := decode[rebuild.Comparison](t, verified.Stdout.String())
	require.True(t, found.Equal)
	require.EqualValues(t, 15_000, found.Tables[0].Rows)
}

func TestRebuildVerifyFailsIfALiveRowWasAltered(t *testing.T) {
	t.Parallel()
	pool := projected(t, 500)
	dsn := pool.Config().ConnString()
	stdout, _, code := call(t, "", "rebuild", "--verify", "--db-dsn", dsn)
	require.Zero(t, code)
	require.Contains(t, stdout, "equal after")
	require.Regexp(t, `(?m)^table .* altered  result$`, stdout)
	pgtest.Exec(t, pool, `update agent_memories set content = '"secret"' where id = (select min(id::text)::uuid from agent_memories)`)
	stdout = fails(t, exitFailed, "", "rebuild", "agent_memories", "--verify", "--db-dsn", dsn)
	require.Contains(t, stdout, "altered: content")
	require.NotContains(t, stdout, "secret")
	fails(t, exitUsage, "--json goes with --verify", "rebuild", "--json", "--db-dsn", dsn)
	fails(t, exitUsage, "agent_memories", "rebuild", "nothing", "--db-dsn", dsn)
	require.Contains(t, must(t, "rebuild", "search", "--db-dsn", dsn), "rebuilt search in")
	require.Contains(t, must(t, "rebuild", "--db-dsn", dsn), "rebuilt agent_memories and search in")
	require.Contains(t, must(t, "rebuild", "--verify", "--db-dsn", dsn), "equal after")
	require.Contains(t, must(t, "verify", "--db-dsn", dsn), "as expected")
}

// A projector whose projection is newer than the tables rebuilds them by itself.
func TestProjectorRebuildsTablesOfAnOlderVersion(t *testing.T) {
	t.Parallel()
	pool := projected(t, 1000)
	pgtest.Exec(t, pool, `
		update projection_checkpoints set projection_version = projection_version - 1 where projection = 'search';
		update projection_generations set projection_version = projection_version - 1 where projection = 'search'`)
	up := start(t, append(append(anyPorts(pgtest.DataDir(t)), dsnOf(pool)...), "AUREN_LOG_LEVEL=info"), "up")
	// The log line follows a moment after the switch.
	up.WaitUntil("the new tables are live, and the log says so", func() bool {
		var ours bool
		err := pool.QueryRow(t.Context(), `
			select projection_version = $1 and lease_holder <> '' from projection_checkpoints where projection = 'search'`,
			stack.ReadModels()[1].Version()).Scan(&ours)
		return err == nil && ours && strings.Contains(up.Stderr.String(), "the new tables are live")
	})
	require.NotContains(t, up.Stderr.String(), "agent_memory_history", "the other projection is unchanged")
}
