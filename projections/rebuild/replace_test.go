package rebuild_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rebuild"
)

func TestARebuildOfSomeTenantsReplacesTheirRowsAlone(t *testing.T) {
	f := projected(t, 40)
	require.NoError(t, f.writeMany(t.Context(), tenant, 600))
	require.NoError(t, f.write(t.Context(), "other", 30))
	f.project(t)
	live := f.contents(t)
	generations := pgtest.Rows[int64](t, f.pool, "select generation from projection_generations order by 1")
	terms := pgtest.Rows[int64](t, f.pool, "select lease_term from projection_checkpoints where tenant_id = 'other' order by projection")
	some := rebuild.Config{Tenants: []domain.Tenant{tenant, "without a log"}}
	const damage = "update agent_memories set user_id = 'wrong' where tenant_id = any($1)"
	for _, sql := range []string{damage, "delete from search_documents where tenant_id = any($1)", "update search_scopes set agent_id = 'wrong' || scope where tenant_id = any($1)"} {
		pgtest.Exec(t, f.pool, sql, []string{string(tenant)})
	}
	require.NoError(t, rebuild.Run(t.Context(), f.pool, f.both(), some))
	require.Equal(t, live, f.contents(t))
	f.requireIntact(t)
	require.Equal(t, generations, pgtest.Rows[int64](t, f.pool, "select generation from projection_generations order by 1"))
	require.Equal(t, terms, pgtest.Rows[int64](t, f.pool, "select lease_term from projection_checkpoints where tenant_id = 'other' order by projection"))

	pgtest.Exec(t, f.pool, damage, []string{"other"})
	damaged := f.contents(t)
	require.NoError(t, rebuild.Run(t.Context(), f.pool, f.both(), some))
	require.Equal(t, damaged, f.contents(t))
	require.NoError(t, rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{Tenants: []domain.Tenant{"other"}}))
	require.Equal(t, live, f.contents(t))

	require.NoError(t, f.write(t.Context(), tenant, 20))
	require.NoError(t, f.write(t.Context(), "other", 20))
	require.NoError(t, f.write(t.Context(), "without a log", 20))
	f.project(t)
	live = f.contents(t)
	f.rebuild(t)
	require.Equal(t, live, f.contents(t), "the projector continues where the rebuild ended")
}

func TestARebuildOfSomeTenantsNeedsTablesOfItsVersion(t *testing.T) {
	f := projected(t, 10)
	live := f.contents(t)
	err := rebuild.Run(t.Context(), f.pool, []projections.Projection{second{f.both()[1]}}, rebuild.Config{Tenants: []domain.Tenant{tenant}})
	require.ErrorIs(t, err, rebuild.ErrOtherVersion)
	require.Equal(t, live, f.contents(t))
}
