package rebuild_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections/generation"
	"github.com/auren-memory/auren/projections/rebuild"
)

// leaveBehind makes the remains of a rebuild that was killed after it had applied a number of events of a tenant.
func (f fixture) leaveBehind(t *testing.T, of domain.Tenant, events int) {
	t.Helper()
	require.NoError(t, pgx.BeginFunc(t.Context(), f.pool, func(tx pgx.Tx) error {
		g, err := generation.Create(t.Context(), tx, f.both()[0], generation.Building)
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), "create table "+g.Table("projection_checkpoints")+" (like projection_checkpoints including all)")
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), "insert into "+g.Table("projection_checkpoints")+`
			(tenant_id, projection, projection_version, sequence_id) values ($1, $2, $3, $4)`, of, g.Projection, g.Version, events)
		return err
	}))
}

func (f fixture) status(t *testing.T) *rebuild.Status {
	t.Helper()
	s, err := rebuild.ReadStatus(t.Context(), f.pool)
	require.NoError(t, err)
	return s
}

func TestStatusNamesTheRemainsOfAKilledRebuildUntilTheNextDropsThem(t *testing.T) {
	f := projected(t, 20)
	require.Nil(t, f.status(t))
	f.leaveBehind(t, tenant, 7)
	s := f.status(t)
	require.False(t, s.Running)
	require.False(t, s.Verify)
	require.Equal(t, []string{"agent_memories"}, s.Projections)
	require.Equal(t, []string{"auren_agent_memories_g3"}, s.Schemas)
	require.EqualValues(t, 7, s.Done)
	require.GreaterOrEqual(t, s.Total, int64(20))

	live := f.contents(t)
	f.rebuild(t, f.both()[1:]...)
	require.Equal(t, live, f.contents(t))
	f.requireIntact(t)
	require.Nil(t, f.status(t))
}

func TestStatusOfARebuildAndOfAComparison(t *testing.T) {
	f := projected(t, 20)
	seen := map[rebuild.Phase]*rebuild.Status{}
	look := rebuild.Config{Progress: func(p rebuild.Progress) {
		if p.Phase == rebuild.Switching || p.Phase == rebuild.Comparing {
			seen[p.Phase] = f.status(t)
		}
	}}
	require.NoError(t, rebuild.Run(t.Context(), f.pool, f.both(), look))
	_, err := rebuild.Verify(t.Context(), f.pool, f.both(), look)
	require.NoError(t, err)
	for phase, s := range seen {
		require.True(t, s.Running)
		require.Equal(t, phase == rebuild.Comparing, s.Verify)
		require.Equal(t, []string{"agent_memories", "search"}, s.Projections)
		require.Equal(t, s.Total, s.Done)
		require.Positive(t, s.Done)
	}
	require.Len(t, seen, 2)
	require.Nil(t, f.status(t))
}

// In any phase.
func TestAnInterruptedRebuildDropsItsTables(t *testing.T) {
	t.Parallel()
	for _, phase := range []rebuild.Phase{rebuild.Filling, rebuild.Indexing, rebuild.CatchingUp, rebuild.Switching} {
		t.Run(string(phase), func(t *testing.T) {
			f := projected(t, 50)
			live := f.contents(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := rebuild.Run(ctx, f.pool, f.both(), rebuild.Config{Progress: func(p rebuild.Progress) {
				if p.Phase == phase {
					cancel()
				}
			}})
			require.ErrorIs(t, err, context.Canceled)
			require.Equal(t, live, f.contents(t))
			f.requireIntact(t)
		})
	}
}
