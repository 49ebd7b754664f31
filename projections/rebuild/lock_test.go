package rebuild_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rebuild"
)

const holdsTheLock = `
  from pg_locks
  join pg_stat_activity as a using (pid)
 where locktype = 'advisory' and classid = x'6175'::int and objid = x'72656e02'::int and
       database = (select oid from pg_database where datname = current_database())`

// stuck is a projection that comes to no end.
type stuck struct {
	projections.Projection
	begun chan struct{}
}

func (s stuck) Prepare(ctx context.Context, _ domain.Tenant, _ []eventstore.Event) (projections.Write, error) {
	select {
	case s.begun <- struct{}{}:
	default:
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestTheLockHoldsNoSnapshotWhileCopiesAreFilled(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 20))
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	endless := stuck{f.both()[0], make(chan struct{}, 1)}
	ended := make(chan error, 1)
	go func() { ended <- rebuild.Run(ctx, f.pool, []projections.Projection{endless}, rebuild.Config{}) }()
	<-endless.begun
	var state string
	var holds bool
	require.NoError(t, f.pool.QueryRow(ctx, "select a.state, a.backend_xmin is not null"+holdsTheLock).Scan(&state, &holds))
	require.Equal(t, "idle in transaction", state)
	require.False(t, holds, "vacuum, and indexes that are built concurrently, would wait for it")
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestARebuildThatLosesTheLockEnds(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 20))
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	endless := stuck{f.both()[0], make(chan struct{}, 1)}
	ended := make(chan error, 1)
	go func() {
		ended <- rebuild.Run(ctx, f.pool, []projections.Projection{endless}, rebuild.Config{}.KeepingEvery(20*time.Millisecond))
	}()
	<-endless.begun
	_, err := f.pool.Exec(ctx, "select pg_terminate_backend(pid)"+holdsTheLock)
	require.NoError(t, err)
	require.ErrorIs(t, <-ended, rebuild.ErrLockLost)

	f.project(t)
	live := f.contents(t)
	require.NoError(t, rebuild.Run(ctx, f.pool, f.both(), rebuild.Config{}))
	require.Equal(t, live, f.contents(t))
	f.requireIntact(t)
}

func TestARebuildThatIsSuspendedMakesWayForTheNext(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 20))
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	endless := stuck{f.both()[0], make(chan struct{}, 1)}
	ended := make(chan error, 1)
	go func() {
		ended <- rebuild.Run(ctx, f.pool, []projections.Projection{endless}, rebuild.Config{}.Suspended(500*time.Millisecond))
	}()
	<-endless.begun
	require.Eventually(t, func() bool {
		return rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{}) == nil
	}, 30*time.Second, 10*time.Millisecond)
	stop()
	require.Error(t, <-ended)
	f.requireIntact(t)
}
