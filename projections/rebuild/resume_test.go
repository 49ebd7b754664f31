package rebuild_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rebuild"
)

// breakOff rebuilds until a phase, and something of it, is done.
func (f fixture) breakOff(t *testing.T, phase rebuild.Phase, some int64) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := rebuild.Run(ctx, f.pool, f.both(), rebuild.Config{Progress: func(p rebuild.Progress) {
		if p.Phase == phase && p.Done >= some {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
}

// first rebuilds and returns where it began.
func (f fixture) first(t *testing.T, config rebuild.Config) rebuild.Progress {
	t.Helper()
	var first *rebuild.Progress
	config.Progress = func(p rebuild.Progress) {
		if first == nil {
			first = &p
		}
	}
	require.NoError(t, rebuild.Run(t.Context(), f.pool, f.both(), config))
	f.requireIntact(t)
	return *first
}

func TestRebuildGoesOnWhereItWasBrokenOff(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]struct {
		phase rebuild.Phase
		some  int64
	}{
		"filling":     {rebuild.Filling, 1},
		"indexing":    {rebuild.Indexing, 2},
		"catching up": {rebuild.CatchingUp, 0},
		"swapping":    {rebuild.Swapping, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			require.NoError(t, f.write(t.Context(), tenant, 100))
			f.project(t)
			live := f.contents(t)
			f.breakOff(t, at.phase, at.some)
			require.Equal(t, live, f.contents(t))
			status, err := rebuild.ReadStatus(t.Context(), f.pool)
			require.NoError(t, err)
			require.NotNil(t, status)
			require.Positive(t, status.Done)
			require.Empty(t, status.Failure, "to be asked to end is no failure")

			first := f.first(t, rebuild.Config{})
			require.Equal(t, rebuild.Filling, first.Phase)
			require.Equal(t, status.Done, first.Done)
			require.Equal(t, live, f.contents(t))
		})
	}
}

func TestStatusTellsAComparisonFromARebuild(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 20))
	f.project(t)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	_, err := rebuild.Verify(ctx, f.pool, f.both(), rebuild.Config{Progress: func(rebuild.Progress) { interrupt() }})
	require.Error(t, err)
	status, err := rebuild.ReadStatus(t.Context(), f.pool)
	require.NoError(t, err)
	require.True(t, status.Verify)
	require.Equal(t, []string{"agent_memories", "search"}, status.Projections)
	f.breakOff(t, rebuild.Filling, 1)
	status, err = rebuild.ReadStatus(t.Context(), f.pool)
	require.NoError(t, err)
	require.False(t, status.Verify)
}

func TestRebuildBeginsAnewWhereThePlanIsAnother(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config rebuild.Config
		change string
	}{
		"asked for":          {config: rebuild.Config{Restart: true}},
		"a column":           {change: `alter table agent_memories alter reason set default 'none'`},
		"an index":           {change: `create index another_idx on agent_memory_search (tenant_id, words)`},
		"a statistic":        {change: `create statistics another_stats (ndistinct) on agent_id, user_id from agent_memory_search`},
		"a privilege":        {change: `grant select on agent_memories to public`},
		"what is left of it": {change: `drop table auren_rebuild.plan`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			require.NoError(t, f.write(t.Context(), tenant, 50))
			f.project(t)
			live := f.contents(t)
			f.breakOff(t, rebuild.CatchingUp, 0)
			if c.change != "" {
				_, err := f.pool.Exec(t.Context(), c.change)
				require.NoError(t, err)
			}
			var first *rebuild.Progress
			c.config.Progress = func(p rebuild.Progress) {
				if first == nil {
					first = &p
				}
			}
			require.NoError(t, rebuild.Run(t.Context(), f.pool, f.both(), c.config))
			require.Zero(t, first.Done)
			require.Equal(t, live, f.contents(t))
		})
	}
}

// The same projection of another version must not go on with rows of the old one.
func TestRebuildOfAnotherVersionBeginsAnew(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 50))
	f.project(t)
	f.breakOff(t, rebuild.CatchingUp, 0)
	core, logged := observer.New(zap.WarnLevel)
	var first *rebuild.Progress
	require.NoError(t, rebuild.Run(t.Context(), f.pool, []projections.Projection{second{f.both()[0]}, f.both()[1]}, rebuild.Config{
		Log: zap.New(core),
		Progress: func(p rebuild.Progress) {
			if first == nil {
				first = &p
			}
		}}))
	require.Zero(t, first.Done)
	said := logged.FilterMessageSnippet("another rebuild").All()
	require.Len(t, said, 1)
	summary := func(version int) string {
		return fmt.Sprintf("swap in public, projection agent_memories %d, projection search %d", version, f.both()[1].Version())
	}
	require.Equal(t, summary(f.both()[0].Version()), said[0].ContextMap()["earlier"])
	require.Equal(t, summary(f.both()[0].Version()+1), said[0].ContextMap()["now"])
}

func TestTablesThatChangeWhileTheyAreRebuiltAreNotSwapped(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 20))
	f.project(t)
	live := f.contents(t)
	err := rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{Progress: func(p rebuild.Progress) {
		if p.Phase == rebuild.Swapping {
			_, _ = f.pool.Exec(t.Context(), `create index if not exists another_idx on agent_memories (tenant_id, version)`)
		}
	}})
	require.ErrorContains(t, err, "have changed meanwhile")
	require.Equal(t, live, f.contents(t))
	status, err := rebuild.ReadStatus(t.Context(), f.pool)
	require.NoError(t, err)
	require.Contains(t, status.Failure, "have changed meanwhile")
	require.EqualValues(t, 1, status.Failures)
	require.False(t, status.Running)
}

// Two that believe to be alone, as after the connection that holds the lock was lost, never apply a batch twice.
func TestTwoThatFillTheSameCopiesApplyNothingTwice(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 300))
	require.NoError(t, f.write(t.Context(), "other", 300))
	f.project(t)
	live := f.contents(t)
	var once sync.Once
	var other error
	err := rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{Progress: func(p rebuild.Progress) {
		if p.Phase == rebuild.Filling && p.Done > 0 {
			once.Do(func() {
				_, err := f.pool.Exec(t.Context(), `
					select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and pid <> pg_backend_pid()
					   and database = (select oid from pg_database where datname = current_database())`)
				require.NoError(t, err)
				other = rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{})
			})
		}
	}})
	require.Error(t, err)
	require.NoError(t, other)
	require.Equal(t, live, f.contents(t))
	f.requireIntact(t)
}

// As a program of another version does that has lost the lock and does not know yet.
func TestCopiesThatAnotherVersionHasWrittenToAreNotSwappedIn(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 50))
	f.project(t)
	live := f.contents(t)
	err := rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{Progress: func(p rebuild.Progress) {
		if p.Phase == rebuild.Swapping {
			_, _ = f.pool.Exec(t.Context(), `
				insert into auren_rebuild.projection_checkpoints (tenant_id, projection, projection_version) values ('new', 'search', 1)`)
		}
	}})
	require.ErrorContains(t, err, "another version has written")
	require.Equal(t, live, f.contents(t))
	require.Zero(t, f.first(t, rebuild.Config{}).Done, "what was built is not gone on with")
	require.Equal(t, live, f.contents(t))
}
