package rebuild_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rebuild"
)

func (f fixture) verify(t *testing.T) *rebuild.Comparison {
	t.Helper()
	before := f.contents(t)
	found, err := rebuild.Verify(t.Context(), f.pool, f.both(), rebuild.Config{})
	require.NoError(t, err)
	require.Equal(t, before, f.contents(t), "nothing is changed")
	f.requireIntact(t)
	return found
}

func TestVerifyFindsDamagedLiveTables(t *testing.T) {
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 150))
	require.NoError(t, f.write(t.Context(), "other", 20))
	f.project(t)
	found := f.verify(t)
	require.True(t, found.Equal)
	require.Len(t, found.Positions, 4)
	for _, table := range found.Tables {
		require.Empty(t, table.Differences)
		require.EqualValues(t, len(f.contents(t)[table.Table]), table.Rows, table.Table)
	}

	const added = "4711"
	copyOfARow := func(table string) string {
		return `insert into ` + table + ` select (jsonb_populate_record(r, '{"doc": ` + added + `}')).* from ` + table + ` as r limit 1`
	}
	tampered := map[string]struct {
		sql, table, kind string
		columns          []string
	}{
		"a content": {`update agent_memories set content = '"secret"' where id = (select min(id::text)::uuid from agent_memories)`,
			"agent_memories", "altered", []string{"content"}},
		"two columns of history": {`update agent_memory_history set reason = 'secret', superseded_at = superseded_at + '1 microsecond'
			where (id, version) = (select id, version from agent_memory_history order by 1, 2 limit 1)`, "agent_memory_history", "altered", []string{"reason", "superseded_at"}},
		"the terms of a document": {`update search_tails set terms = terms || 'secret'::bytea where (scope, doc) = (1, 0)`,
			"search_tails", "altered", []string{"terms"}},
		"a count":       {`update search_scopes set documents = documents + 1 where scope = 1`, "search_scopes", "altered", []string{"documents"}},
		"a row deleted": {`delete from agent_memories where id = (select min(id::text)::uuid from agent_memories)`, "agent_memories", "missing", nil},
		"a row added":   {copyOfARow("search_documents"), "search_documents", "extra", nil},
	}
	for name, c := range tampered {
		t.Run(name, func(t *testing.T) {
			f := projected(t, 30)
			tag, err := f.pool.Exec(t.Context(), c.sql)
			require.NoError(t, err)
			require.EqualValues(t, 1, tag.RowsAffected())

			found := f.verify(t)
			require.False(t, found.Equal)
			said, err := json.Marshal(found)
			require.NoError(t, err)
			require.NotContains(t, string(said), "secret")
			for _, table := range found.Tables {
				if table.Table != c.table {
					require.True(t, table.Equal(), table.Table)
					continue
				}
				require.EqualValues(t, 1, table.Missing+table.Extra+table.Altered)
				require.Len(t, table.Differences, 1)
				d := table.Differences[0]
				require.Equal(t, c.kind, d.Kind)
				require.Contains(t, string(d.Key), `"tenant_id": "default"`)
				if c.kind == "extra" {
					require.Contains(t, string(d.Key), added)
				}
				require.ElementsMatch(t, c.columns, d.Columns)
			}
		})
	}
}

func TestVerifyListsTheFirstDifferencesAndCountsTheOthers(t *testing.T) {
	f := projected(t, 60)
	pgtest.Exec(t, f.pool, `update agent_memories set agent_id = 'somebody'`)
	memories := f.verify(t).Tables[0]
	require.EqualValues(t, 60, memories.Altered)
	require.EqualValues(t, 60, memories.Rows)
	require.Len(t, memories.Differences, 10)
	var previous string
	for _, d := range memories.Differences {
		var key struct{ ID string }
		require.NoError(t, json.Unmarshal(d.Key, &key))
		require.Less(t, previous, key.ID)
		previous = key.ID
	}
}

func TestVerifyWhileAgentsWriteAndProjectorsRun(t *testing.T) {
	f := projected(t, 100)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	for _, p := range f.both() {
		running.Go(func() { _ = f.runner(p).Run(ctx) })
	}
	writing := make(chan error, 1)
	running.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			if err := f.write(ctx, domain.Tenant(fmt.Sprint("t", n%3)), 5); err != nil && ctx.Err() == nil {
				writing <- err
				return
			}
		}
	})
	for range 5 {
		found, err := rebuild.Verify(t.Context(), f.pool, f.both(), rebuild.Config{})
		require.NoError(t, err)
		require.True(t, found.Equal, "%+v", found)
	}
	stop()
	running.Wait()
	require.Empty(t, writing)
	f.requireIntact(t)
}

// Verify compares tables that lag at their own position.
func TestVerifyOfLaggingTables(t *testing.T) {
	f := projected(t, 40)
	all, err := projections.ReadStatus(t.Context(), f.pool)
	require.NoError(t, err)
	require.NoError(t, f.write(t.Context(), tenant, 40))
	require.NoError(t, f.write(t.Context(), "unprojected", 5))
	found := f.verify(t)
	require.True(t, found.Equal)
	for _, p := range found.Positions {
		if p.Tenant == tenant {
			require.Equal(t, all[0].SequenceID, p.SequenceID)
		} else {
			require.Zero(t, p.SequenceID)
		}
	}
}

func TestVerifyRejectsTablesOfAnotherVersion(t *testing.T) {
	f := projected(t, 5)
	pgtest.Exec(t, f.pool, `update projection_generations set projection_version = projection_version + 1 where projection = 'search'`)
	_, err := rebuild.Verify(t.Context(), f.pool, f.both(), rebuild.Config{})
	require.ErrorIs(t, err, rebuild.ErrOtherVersion)
}

// The remains of a rebuild may be ahead of lagging live tables.
func TestVerifyAfterAKilledRebuild(t *testing.T) {
	f := projected(t, 30)
	require.NoError(t, f.write(t.Context(), tenant, 30))
	f.leaveBehind(t, tenant, 60)
	require.True(t, f.verify(t).Equal)
}
