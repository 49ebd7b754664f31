package runner

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
)

// leaders counts the tenants that each holder leads.
func (f fixture) leaders(t *testing.T) map[string]int {
	t.Helper()
	rows, err := f.pool.Query(t.Context(), `
select lease_holder, count(*)
  from projection_checkpoints
 where lease_until > clock_timestamp()
 group by lease_holder`)
	require.NoError(t, err)
	type leader struct {
		Holder  string
		Tenants int
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[leader])
	require.NoError(t, err)
	leaders := map[string]int{}
	for _, l := range found {
		leaders[l.Holder] = l.Tenants
	}
	return leaders
}

func (f fixture) requireLeaders(t *testing.T, expected map[string]int) {
	t.Helper()
	require.Eventually(t, func() bool { return maps.Equal(expected, f.leaders(t)) }, 20*time.Second, 20*time.Millisecond)
}

func TestRunnersShareTheTenants(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const tenants = 12
	appendToAll := func() {
		for n := range tenants {
			f.append(t, domain.Tenant(fmt.Sprint("t", n)), `{}`, `{}`)
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
	start := func(holder string) (r *Runner, kill func()) {
		ctx, kill := context.WithCancel(ctx)
		r = f.runner(Config{Holder: holder, LeaseTTL: time.Second, Poll: 50 * time.Millisecond, Batch: 3})
		// Not Run: a process that is killed gives nothing back.
		running.Go(func() { r.run(ctx) })
		return r, kill
	}
	start("a")
	f.requireLeaders(t, map[string]int{"a": 12})
	start("b")
	f.requireLeaders(t, map[string]int{"a": 6, "b": 6})
	_, kill := start("c")
	f.requireLeaders(t, map[string]int{"a": 4, "b": 4, "c": 4})
	appendToAll()
	kill()
	f.requireLeaders(t, map[string]int{"a": 6, "b": 6})
	appendToAll()
	for n := range tenants {
		tenant := domain.Tenant(fmt.Sprint("t", n))
		require.Eventually(t, func() bool { return len(f.applied(t, tenant)) == 6 }, 20*time.Second, 20*time.Millisecond)
		require.Equal(t, upTo(6), f.applied(t, tenant))
	}
	// A tenant that is new does not wait for its place.
	f.append(t, "new", `{}`)
	require.Eventually(t, func() bool { return slices.Equal(upTo(1), f.applied(t, "new")) }, 10*time.Second, 10*time.Millisecond)
}

// A projector that alone cannot reach NATS must not keep its share of the tenants from those that can.
func TestARunnerWhoseTargetIsAwayLeavesTheTenantsToOthers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for n := range 4 {
		f.append(t, domain.Tenant(fmt.Sprint("t", n)), `{}`)
	}
	require.NoError(t, f.runner(Config{}).CatchUp(t.Context()))
	var running sync.WaitGroup
	defer running.Wait()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	start := func(holder string, away bool) *outbox {
		o := &outbox{}
		o.away.Store(away)
		r := NewSink(f.pool, f.store, f.watcher, Config{Holder: holder, LeaseTTL: time.Second, Poll: 50 * time.Millisecond}, o)
		running.Go(func() { _ = r.Run(ctx) })
		return o
	}
	b := start("b", true)
	a := start("a", false)
	f.requireLeaders(t, map[string]int{"a": 4})
	f.append(t, "new", `{}`)
	require.NoError(t, f.runner(Config{}).CatchUp(t.Context()))
	f.requireLeaders(t, map[string]int{"a": 5})
	b.mu.Lock()
	require.Zero(t, b.resumed)
	b.mu.Unlock()

	b.away.Store(false)
	require.Eventually(t, func() bool { return f.leaders(t)["b"] == 2 }, 20*time.Second, 20*time.Millisecond)
	a.away.Store(true)
	f.requireLeaders(t, map[string]int{"b": 5})
	b.away.Store(true)
	f.requireLeaders(t, map[string]int{})
}

func TestARunnerOfAnotherVersionHasNoShare(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, tenant := range []domain.Tenant{"t1", "t2"} {
		f.append(t, tenant, `{}`)
	}
	newer, r := f.runner(Config{}), f.runner(Config{})
	newer.version = 2
	require.NoError(t, newer.register(t.Context()))
	require.NoError(t, r.register(t.Context()))
	due, err := r.look(t.Context())
	require.NoError(t, err)
	require.Len(t, due, 2)
	for _, follower := range due {
		require.NoError(t, r.serve(t.Context(), follower))
	}
	require.NoError(t, r.register(t.Context()))
	_, err = r.look(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int{r.config.Holder: 2}, f.leaders(t), "nobody else could lead what is given back")
}

func TestATurnEndsWhereARunnerLeadsTooMuch(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, "t1", `{}`, `{}`, `{}`, `{}`)
	f.append(t, "t2", `{}`, `{}`, `{}`, `{}`)
	require.NoError(t, f.runner(Config{}).register(t.Context()))
	r := f.runner(Config{Batch: 1})
	r.share = 0
	for _, tenant := range []domain.Tenant{"t1", "t2"} {
		require.NoError(t, r.serve(t.Context(), r.follower(tenant)))
		require.Equal(t, upTo(1), f.applied(t, tenant))
	}
	require.NoError(t, r.giveBack(t.Context()))
	require.Equal(t, map[string]int{r.config.Holder: 1}, f.leaders(t), "one each")
	due, err := r.due(t.Context())
	require.NoError(t, err)
	require.Len(t, due, 1, "what was given back is for others")
	require.Equal(t, r.config.Holder, f.status(t, due[0].tenant).Holder)
}

// A tenant that was given back because of a share from before it came would be led by nobody until the others have heard of it.
func TestNothingIsGivenBackThatIsWithinTheShare(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.runner(Config{})
	for _, runner := range []*Runner{f.runner(Config{}), f.runner(Config{}), r} {
		require.NoError(t, runner.register(t.Context()))
	}
	require.Equal(t, 1, r.share, "room for what others give back")
	look := func() {
		due, err := r.look(t.Context())
		require.NoError(t, err)
		for _, follower := range due {
			require.NoError(t, r.serve(t.Context(), follower))
		}
	}
	for n, share := range []int{1, 1, 1, 2} { // a third, rounded up
		f.append(t, domain.Tenant(fmt.Sprint("t", n)), `{}`)
		look() // takes what is new
		look() // gives back what is too much
		require.Equal(t, map[string]int{r.config.Holder: share}, f.leaders(t))
	}
}
