package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/lease"
)

const tenant = domain.DefaultTenant

func TestCatchUpAppliesEachEventOnceInOrder(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for range 10 {
		f.append(t, tenant, slices.Repeat([]string{`{}`}, 30)...)
		f.append(t, "other", `{}`)
	}
	// Batches limited by their number of events, and by their bytes.
	for _, config := range []Config{{Batch: 70}, {BatchBytes: 1}} {
		require.NoError(t, f.runner(config).CatchUp(t.Context()))
		require.Equal(t, upTo(300), f.applied(t, tenant))
		require.Equal(t, upTo(10), f.applied(t, "other"))
		pgtest.Exec(t, f.pool, "truncate applied, projection_checkpoints")
	}
}

func TestASecondCatchUpAppliesOnlyNewEvents(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, tenant, `{}`, `{}`)
	require.NoError(t, f.runner(Config{}).CatchUp(t.Context()))
	f.append(t, tenant, `{}`)
	require.NoError(t, f.runner(Config{}).CatchUp(t.Context()))
	require.Equal(t, upTo(3), f.applied(t, tenant))
}

func TestConcurrentRunnersApplyEachEventOnceInOrder(t *testing.T) {
	f := setup(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	own := f.onItsOwnPool(t, "runners")
	defer own.pool.Close()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = own.watcher.Run(ctx) })
	for range 3 {
		r := own.runner(Config{LeaseTTL: 60 * time.Millisecond, Poll: 5 * time.Millisecond, Batch: 7})
		running.Go(func() {
			if err := r.Run(ctx); err != nil {
				panic(err)
			}
		})
	}
	const tenants, rounds = 6, 40
	for i := range rounds {
		for n := range tenants {
			f.append(t, domain.Tenant(fmt.Sprint("t", n)), `{}`, `{}`, `{}`)
		}
		// The leases change hands all the time.
		if i%4 == 0 {
			f.expire(t)
		}
	}
	for n := range tenants {
		require.Eventually(t, func() bool {
			return f.status(t, domain.Tenant(fmt.Sprint("t", n))).Lag == 0
		}, 20*time.Second, 10*time.Millisecond)
	}
	stop()
	running.Wait()
	for n := range tenants {
		require.Equal(t, upTo(3*rounds), f.applied(t, domain.Tenant(fmt.Sprint("t", n))))
	}
}

func TestASuspendedRunnerChangesNothingAfterATakeover(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, tenant, `{}`, `{}`)
	paused, next := f.runner(Config{Holder: "paused"}), f.runner(Config{Holder: "next"})
	u := paused.unit(tenant)
	ok, err := paused.acquire(t.Context(), u)
	require.NoError(t, err)
	require.True(t, ok)
	read, err := paused.read(t.Context(), u, 0, 0)
	require.NoError(t, err)
	require.Len(t, read.events, 2)

	require.NoError(t, next.CatchUp(t.Context()))
	require.Empty(t, f.applied(t, tenant), "the lease of the paused runner has not expired")
	f.expire(t)
	ok, err = next.acquire(t.Context(), next.unit(tenant))
	require.NoError(t, err)
	require.True(t, ok)

	// The paused runner wakes up before the new leader has applied anything …
	require.ErrorIs(t, paused.apply(t.Context(), u, read), lease.ErrLost)
	require.Empty(t, f.applied(t, tenant))
	// … and after.
	require.NoError(t, next.turn(t.Context(), next.unit(tenant), 0))
	require.ErrorIs(t, paused.apply(t.Context(), u, read), lease.ErrLost)
	require.ErrorIs(t, paused.stop(t.Context(), u, 1, lease.ErrLost), lease.ErrLost)
	require.Equal(t, upTo(2), f.applied(t, tenant))
	require.Equal(t, "next", f.status(t, tenant).Holder)

	// It notices, and leaves the tenant alone.
	require.NoError(t, paused.turn(t.Context(), u, 0))
	f.append(t, tenant, `{}`)
	require.NoError(t, paused.turn(t.Context(), u, 0))
	require.Zero(t, u.Term)
	require.Equal(t, upTo(2), f.applied(t, tenant))
}

func TestAHeartbeatRenewsLeasesAndNoticesALoss(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, tenant, `{}`)
	f.append(t, "other", `{}`)
	r := f.runner(Config{LeaseTTL: time.Hour})
	for _, name := range []domain.Tenant{tenant, "other"} {
		require.NoError(t, r.turn(t.Context(), r.unit(name), 0))
	}
	f.expire(t)
	pgtest.Exec(t, f.pool, "update projection_checkpoints set lease_term = 9 where tenant_id = 'other'")
	r.heartbeat(t.Context())
	require.NotEmpty(t, f.status(t, tenant).Holder)
	require.Empty(t, f.status(t, "other").Holder)
	require.Zero(t, r.unit("other").Term)
	require.Equal(t, int64(1), r.unit(tenant).Term)
}

func TestLeasesAreReleasedAtTheEnd(t *testing.T) {
	f := setup(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	f.append(t, tenant, `{}`)
	own := f.onItsOwnPool(t, "runner")
	defer own.pool.Close()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- own.runner(Config{LeaseTTL: time.Hour}).Run(ctx) }()
	require.Eventually(t, func() bool { return len(f.applied(t, tenant)) == 1 }, 10*time.Second, 5*time.Millisecond)
	require.NotEmpty(t, f.status(t, tenant).Holder)
	stop()
	require.NoError(t, <-ended)
	require.Empty(t, f.status(t, tenant).Holder)
	require.Zero(t, pgtest.Value[int](t, f.pool, "select count(*) from projectors"), "the runner is unregistered")
}

func TestAnInterruptedBatchReleasesItsLease(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, "busy", `1`)
	ctx, stop := context.WithCancel(t.Context())
	r := New(f.pool, f.log, f.watcher, Config{LeaseTTL: time.Hour}, interrupted{interrupt: stop})
	require.NoError(t, r.Run(ctx))
	require.Empty(t, f.applied(t, "busy"))
	require.NoError(t, f.runner(Config{}).CatchUp(t.Context()))
	require.Equal(t, upTo(1), f.applied(t, "busy"), "another runner leads at once")
}

// interrupted is a diary whose runner is stopped in the middle of a batch.
type interrupted struct {
	diary
	interrupt func()
}

func (i interrupted) Prepare(ctx context.Context, _ domain.Tenant, _ []eventstore.Event) (projections.Write, error) {
	i.interrupt()
	return nil, ctx.Err()
}

func TestPoisonStopsItsTenantOnly(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{`"poison"`, `"bad"`} {
		t.Run(payload, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			f.append(t, tenant, `{}`, `{}`, `{}`, `{}`, payload, `{}`, payload, `{}`, `{}`, `{}`)
			f.append(t, "other", `{}`, `{}`)
			logs, recorded := observer.New(zap.ErrorLevel)
			// The batch that was read ahead is not applied.
			r := f.runner(Config{Log: zap.New(logs), Batch: 2})
			var stopped *projections.StoppedError
			require.ErrorAs(t, r.CatchUp(t.Context()), &stopped)
			require.Equal(t, int64(5), stopped.SequenceID)
			require.Equal(t, upTo(4), f.applied(t, tenant))
			require.Equal(t, upTo(2), f.applied(t, "other"))
			require.NotZero(t, recorded.Len())
			s := f.status(t, tenant)
			require.Equal(t, int64(5), *s.StoppedAt)
			require.NotEmpty(t, s.StoppedReason)
			require.Equal(t, int64(4), s.SequenceID)
			require.Equal(t, int64(6), s.Lag)
			require.Positive(t, s.LagSeconds)
			require.Nil(t, f.status(t, "other").StoppedAt)
		})
	}
}

func TestAStoppedTenantIsRetriedOnlyAfterARestart(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, tenant, `{}`, `"bad"`, `{}`)
	r := f.runner(Config{})
	requireDue := func(expected int) {
		due, err := r.poll(t.Context())
		require.NoError(t, err)
		require.Len(t, due, expected)
	}
	requireDue(1)
	require.NoError(t, r.turn(t.Context(), r.unit(tenant), 0))
	require.NotNil(t, r.unit(tenant).stopped)
	requireDue(0)
	f.append(t, tenant, `{}`)
	requireDue(1)
	requireDue(0)
	r.subscriptions[0].projection = diary{mended: true}
	require.NoError(t, r.turn(t.Context(), r.unit(tenant), 0))
	require.Equal(t, upTo(1), f.applied(t, tenant), "a stopped tenant is not retried")

	// The cause is fixed; the next process goes on and clears the stop.
	r.releaseAll(t.Context())
	mended := f.runner(Config{})
	mended.subscriptions[0].projection = diary{mended: true}
	require.NoError(t, mended.CatchUp(t.Context()))
	require.Equal(t, upTo(4), f.applied(t, tenant))
	require.Nil(t, f.status(t, tenant).StoppedAt)
	require.Empty(t, f.status(t, tenant).StoppedReason)
}

func TestAnotherVersionIsLeftAlone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, tenant, `{}`)
	require.NoError(t, f.runner(Config{}).CatchUp(t.Context()))
	f.append(t, tenant, `{}`)
	logs, recorded := observer.New(zap.ErrorLevel)
	r := f.runner(Config{Log: zap.New(logs)})
	r.subscriptions[0].version = 2
	require.NoError(t, r.CatchUp(t.Context()))
	require.NoError(t, r.CatchUp(t.Context()))
	require.Equal(t, upTo(1), f.applied(t, tenant))
	require.Equal(t, 1, recorded.Len(), "it is logged once")
	f.append(t, "new", `{}`)
	due, err := r.poll(t.Context())
	require.NoError(t, err)
	require.Empty(t, due, "another version does not begin with a new tenant")
	require.Equal(t, 2, recorded.Len())
}

func TestRunSurvivesTheLossOfItsConnections(t *testing.T) {
	f := setup(t)
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	own := f.onItsOwnPool(t, "victim")
	defer own.pool.Close()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = own.watcher.Run(ctx) })
	running.Go(func() { _ = own.runner(Config{Poll: 10 * time.Millisecond, LeaseTTL: time.Second}).Run(ctx) })
	for n := 1; n <= 5; n++ {
		f.append(t, tenant, `{}`)
		pgtest.Exec(t, f.pool, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim' and datname = current_database()")
		require.Eventually(t, func() bool { return len(f.applied(t, tenant)) >= n }, 20*time.Second, 10*time.Millisecond)
		require.Equal(t, upTo(n), f.applied(t, tenant))
	}
	stop()
	running.Wait()
}

func TestBatchNotifies(t *testing.T) {
	t.Parallel()
	f := setup(t)
	conn, err := f.pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	pgtest.Exec(t, conn, "listen "+projections.Channel)
	f.append(t, tenant, `{}`, `{}`)
	require.NoError(t, f.runner(Config{}).CatchUp(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	n, err := conn.Conn().WaitForNotification(ctx)
	require.NoError(t, err)
	require.Equal(t, "default/diary 2", n.Payload)
}

// ledger is a second diary; it writes tenants in capitals.
type ledger struct{ diary }

func (ledger) Name() string { return "ledger" }

func (l ledger) Prepare(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) (projections.Write, error) {
	return l.diary.Prepare(ctx, domain.Tenant(strings.ToUpper(string(tenant))), events)
}

func TestOneRunnerMaintainsSeveralProjectionsOfSeveralTenants(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, "a", `{}`, `"bad"`, `{}`)
	f.append(t, "b", `{}`, `{}`)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer stop()
	r := New(f.pool, f.log, f.watcher, Config{Poll: 20 * time.Millisecond, LeaseTTL: time.Second}, diary{}, ledger{diary{mended: true}})
	running.Go(func() { _ = r.Run(ctx) })
	for tenant, applied := range map[domain.Tenant]int{"a": 1, "A": 3, "b": 2, "B": 2} {
		require.Eventually(t, func() bool { return slices.Equal(upTo(applied), f.applied(t, tenant)) }, 10*time.Second, 10*time.Millisecond, tenant)
	}
	require.Eventually(t, func() bool { return r.units.stopped() != nil }, 10*time.Second, 10*time.Millisecond)
	require.ErrorContains(t, r.units.stopped(), "projection diary of tenant a stopped at event 2")
	require.NotContains(t, r.units.stopped().Error(), "ledger")
	require.Equal(t, 2, r.Leading("diary"))
	require.Equal(t, 2, r.Leading("ledger"))
	require.Zero(t, r.Leading("outbox"))
	f.append(t, "a", `{}`)
	f.append(t, "b", `{}`)
	for tenant, applied := range map[domain.Tenant]int{"a": 1, "A": 4, "b": 3, "B": 3} {
		require.Eventually(t, func() bool { return slices.Equal(upTo(applied), f.applied(t, tenant)) }, 10*time.Second, 10*time.Millisecond, tenant)
	}
}
