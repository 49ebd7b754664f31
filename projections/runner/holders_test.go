package runner

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections/lease"
)

// leaders returns the holder of each tenant that has one.
func (f fixture) leaders(t *testing.T) map[domain.Tenant]string {
	t.Helper()
	return pgtest.Value[map[domain.Tenant]string](t, f.pool, `
select coalesce(jsonb_object_agg(tenant_id, lease_holder), '{}')
  from projection_checkpoints
 where lease_until > clock_timestamp()`)
}

// requireLeaders waits until each of the first tenants, t0, t1 …, is led by its owner among the holders.
func (f fixture) requireLeaders(t *testing.T, projection string, tenants int, holders ...string) {
	t.Helper()
	expected := map[domain.Tenant]string{}
	for n := range tenants {
		if len(holders) > 0 {
			expected[nth(n)] = lease.Owner(holders, lease.Key{Projection: projection, Tenant: nth(n)})
		}
	}
	require.Eventually(t, func() bool { return maps.Equal(expected, f.leaders(t)) }, 20*time.Second, 20*time.Millisecond)
}

func nth(n int) domain.Tenant { return domain.Tenant(fmt.Sprint("t", n)) }

func TestRunnersShareTheTenants(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const tenants = 12
	appendToAll := func() {
		for n := range tenants {
			f.append(t, nth(n), `{}`, `{}`)
		}
	}
	appendToAll()
	var running sync.WaitGroup
	defer running.Wait()
	var watching sync.WaitGroup
	defer watching.Wait()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	watching.Go(func() { _ = f.watcher.Run(ctx) })
	start := func(holder string) (kill func()) {
		ctx, kill := context.WithCancel(ctx)
		r := f.runner(Config{Holder: holder, LeaseTTL: time.Second, Poll: 50 * time.Millisecond, Batch: 3})
		// Not Run: a killed process releases nothing.
		running.Go(func() { r.run(ctx) })
		return kill
	}
	start("a")
	f.requireLeaders(t, "diary", tenants, "a")
	start("b")
	f.requireLeaders(t, "diary", tenants, "a", "b")
	kill := start("c")
	f.requireLeaders(t, "diary", tenants, "a", "b", "c")
	appendToAll()
	kill()
	f.requireLeaders(t, "diary", tenants, "a", "b")
	appendToAll()
	for n := range tenants {
		require.Eventually(t, func() bool { return len(f.applied(t, nth(n))) == 6 }, 20*time.Second, 20*time.Millisecond)
		require.Equal(t, upTo(6), f.applied(t, nth(n)))
	}
	// A new tenant does not wait for a heartbeat.
	f.append(t, "new", `{}`)
	require.Eventually(t, func() bool { return slices.Equal(upTo(1), f.applied(t, "new")) }, 10*time.Second, 10*time.Millisecond)
}

// A projector that cannot reach NATS must not keep its share of the tenants from projectors that can.
func TestARunnerWithoutItsTargetLeavesTheTenantsToOthers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for n := range 4 {
		f.append(t, nth(n), `{}`)
	}
	require.NoError(t, f.runner(Config{}).CatchUp(t.Context()))
	var running sync.WaitGroup
	defer running.Wait()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	start := func(holder string, away bool) *outbox {
		o := &outbox{}
		o.away.Store(away)
		r := NewSink(f.pool, f.log, f.watcher, Config{Holder: holder, LeaseTTL: time.Second, Poll: 50 * time.Millisecond}, o)
		running.Go(func() { _ = r.Run(ctx) })
		return o
	}
	b := start("b", true)
	a := start("a", false)
	f.requireLeaders(t, "outbox", 4, "a")
	f.append(t, nth(4), `{}`)
	require.NoError(t, f.runner(Config{}).CatchUp(t.Context()))
	f.requireLeaders(t, "outbox", 5, "a")
	b.mu.Lock()
	require.Zero(t, b.resumed)
	b.mu.Unlock()

	b.away.Store(false)
	f.requireLeaders(t, "outbox", 5, "a", "b")
	require.Contains(t, slices.Collect(maps.Values(f.leaders(t))), "b")
	a.away.Store(true)
	f.requireLeaders(t, "outbox", 5, "b")
	b.away.Store(true)
	f.requireLeaders(t, "outbox", 5)
}

func TestARunnerOfAnotherVersionHasNoShare(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const tenants = 20
	for n := range tenants {
		f.append(t, nth(n), `{}`)
	}
	newer, r := f.runner(Config{}), f.runner(Config{})
	newer.subscriptions[0].version = 2
	newer.heartbeat(t.Context())
	r.heartbeat(t.Context())
	due, err := r.poll(t.Context())
	require.NoError(t, err)
	require.Len(t, due, tenants)
	for _, u := range due {
		require.NoError(t, r.turn(t.Context(), u, 0))
	}
	r.heartbeat(t.Context())
	_, err = r.poll(t.Context())
	require.NoError(t, err)
	f.requireLeaders(t, "diary", tenants, r.config.Holder) // nobody else could lead what is released
}

func TestALeaseOfAnotherHoldersUnitIsReleasedAfterTheTurn(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const tenants = 20
	for n := range tenants {
		f.append(t, nth(n), `{}`, `{}`, `{}`)
	}
	r := f.runner(Config{Holder: "a", Batch: 1})
	r.heartbeat(t.Context())
	due, err := r.poll(t.Context())
	require.NoError(t, err)
	require.Len(t, due, tenants)
	for _, u := range due {
		ok, err := r.acquire(t.Context(), u)
		require.NoError(t, err)
		require.True(t, ok)
		u.inTurn = true
	}
	f.runner(Config{Holder: "b"}).heartbeat(t.Context())
	_, err = r.poll(t.Context())
	require.NoError(t, err)
	f.requireLeaders(t, "diary", tenants, "a") // no lease is released during a turn
	led := map[domain.Tenant]string{}
	for n, u := range due {
		require.NoError(t, r.turn(t.Context(), u, 0))
		applied := upTo(1)
		if lease.Owner([]string{"a", "b"}, u.Key) == "a" {
			applied, led[u.Tenant] = upTo(3), "a"
		}
		require.Equal(t, applied, f.applied(t, u.Tenant), n)
		r.units.endTurn(u, false)
	}
	due, err = r.poll(t.Context())
	require.NoError(t, err)
	require.Empty(t, due, "b owns the released units")
	require.Equal(t, led, f.leaders(t))
	require.NotEmpty(t, led)
	require.Less(t, len(led), tenants)
}

// polls counts how often all tenants are read.
type polls struct{ atomic.Int64 }

func (*polls) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}
func (*polls) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (*polls) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}
func (*polls) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}
func (p *polls) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	if data.SQL == readDue {
		p.Add(1)
	}
}

// Taking over many tenants would be slow if the runner polled for each of them.
func TestManyTenantsAreTakenOverInFewPolls(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const tenants = 500
	for _, sql := range []string{
		`insert into logs (tenant_id, hash, created_at) select 't' || i, '\x00', now() from generate_series(1, $1) as i`,
		`insert into projection_checkpoints (tenant_id, projection, projection_version, lease_holder, lease_term, lease_until)
		 select 't' || i, 'diary', 1, 'dead', 1, now() - interval '1 s' from generate_series(1, $1) as i`,
	} {
		pgtest.Exec(t, f.pool, sql, tenants)
	}
	polls := &polls{}
	config := f.pool.Config()
	config.ConnConfig.Tracer = polls
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	var running sync.WaitGroup
	defer running.Wait()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r := New(pool, eventstore.NewLog(pool), eventstore.NewWatcher(pool, eventstore.LogChannel, zap.NewNop()),
		Config{Holder: "heir", LeaseTTL: time.Minute, Poll: time.Minute}, diary{})
	running.Go(func() { _ = r.Run(ctx) })
	require.Eventually(t, func() bool { return len(f.leaders(t)) == tenants }, 20*time.Second, 20*time.Millisecond)
	require.Positive(t, polls.Load())
	require.Less(t, polls.Load(), int64(tenants/20))
}

func TestTenantsThatAreBehindAreDueFirst(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, tenant := range []string{"a", "b", "c", "d", "e"} {
		pgtest.Exec(t, f.pool, `insert into logs (tenant_id, hash, created_at) values ($1, '\x00', now())`, tenant)
	}
	f.append(t, "late", `{}`)
	due, err := f.runner(Config{}).poll(t.Context())
	require.NoError(t, err)
	require.Len(t, due, 6)
	require.EqualValues(t, "late", due[0].Tenant)
}
