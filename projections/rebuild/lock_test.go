package rebuild_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
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

// stuck is a projection that never ends.
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

// begin begins a rebuild that does not end by itself, and returns once it is filling its tables.
func (f fixture) begin(t *testing.T, config rebuild.Config) (ended <-chan error, stop func()) {
	t.Helper()
	require.NoError(t, f.write(t.Context(), tenant, 20))
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(stop)
	endless := stuck{f.both()[0], make(chan struct{}, 1)}
	end := make(chan error, 1)
	go func() { end <- rebuild.Run(ctx, f.pool, []projections.Projection{endless}, config) }()
	<-endless.begun
	return end, stop
}

func TestTheLockHoldsNoSnapshot(t *testing.T) {
	f := setup(t)
	ended, stop := f.begin(t, rebuild.Config{})
	var state string
	var holds bool
	require.NoError(t, f.pool.QueryRow(t.Context(), "select a.state, a.backend_xmin is not null"+holdsTheLock).Scan(&state, &holds))
	require.Equal(t, "idle", state)
	require.False(t, holds, "vacuum and create index concurrently would wait for a snapshot")
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestARebuildThatLosesTheLockEnds(t *testing.T) {
	f := setup(t)
	ended, _ := f.begin(t, rebuild.Config{}.PingingEvery(20*time.Millisecond))
	pgtest.Exec(t, f.pool, "select pg_terminate_backend(pid)"+holdsTheLock)
	require.ErrorIs(t, <-ended, rebuild.ErrLockLost)

	f.project(t)
	live := f.contents(t)
	f.rebuild(t)
	require.Equal(t, live, f.contents(t))
	f.requireIntact(t)
}

func TestASuspendedRebuildReleasesTheLock(t *testing.T) {
	f := setup(t)
	ended, stop := f.begin(t, rebuild.Config{}.Suspended(500*time.Millisecond))
	require.Eventually(t, func() bool {
		return rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{}) == nil
	}, 30*time.Second, 10*time.Millisecond)
	stop()
	require.Error(t, <-ended)
	f.requireIntact(t)
}

// The first does not notice at once that it lost the lock, while the second drops its tables and builds others.
func TestARebuildThatLostItsLockDoesNotDisturbTheNext(t *testing.T) {
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 300))
	require.NoError(t, f.write(t.Context(), "other", 300))
	f.project(t)
	live := f.contents(t)
	for _, phase := range []rebuild.Phase{rebuild.Filling, rebuild.Switching} {
		var once sync.Once
		var other error
		err := rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{Progress: func(p rebuild.Progress) {
			if p.Phase == phase && (p.Done > 0 || phase == rebuild.Switching) {
				once.Do(func() {
					pgtest.Exec(t, f.pool, "select pg_terminate_backend(pid)"+holdsTheLock)
					other = rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{})
				})
			}
		}})
		require.Error(t, err)
		require.NoError(t, other)
		require.Equal(t, live, f.contents(t))
		f.requireIntact(t)
	}
}
