package rebuild_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rebuild"
)

// second is the next version of agent_memories. It gives every row another reason.
type second struct{ projections.Projection }

func (s second) Version() int { return s.Projection.Version() + 1 }

func (s second) Prepare(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) (projections.Write, error) {
	write, err := s.Projection.Prepare(ctx, tenant, events)
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for i := range events {
		ids = append(ids, events[i].StreamID)
	}
	return func(ctx context.Context, tx pgx.Tx) error {
		if err := write(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update agent_memories set reason = 'second' where tenant_id = $1 and id = any($2)`, tenant, ids)
		return err
	}, nil
}

// versions returns the versions of agent_memories that have checkpoints.
func (f fixture) versions(t *testing.T) []int {
	t.Helper()
	return pgtest.Rows[int](t, f.pool, `
		select distinct projection_version from projection_checkpoints where projection = 'agent_memories' order by 1`)
}

func TestNextVersionTakesOverWhileTheOldOneGoesOn(t *testing.T) {
	f := projected(t, 300)
	first := f.both()[0]
	next := second{first}

	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	var failed atomic.Pointer[error]
	start := func(part func() error) {
		running.Go(func() {
			if err := part(); err != nil && ctx.Err() == nil {
				failed.CompareAndSwap(nil, &err)
			}
		})
	}
	start(func() error { return f.runner(first).Run(ctx) })
	start(func() error {
		for n := 0; ctx.Err() == nil; n++ {
			for _, to := range []domain.Tenant{tenant, domain.Tenant(fmt.Sprint("new", n%50))} {
				if err := f.write(ctx, to, 3); err != nil {
					return err
				}
			}
		}
		return nil
	})
	start(func() error {
		seen := 0
		for ctx.Err() == nil {
			var memories, ofNext int
			err := f.pool.QueryRow(ctx, `select count(*), count(*) filter (where reason = 'second') from agent_memories where tenant_id = $1`,
				tenant).Scan(&memories, &ofNext)
			if err != nil {
				return err
			}
			if memories < seen || memories < 300 || ofNext != 0 && ofNext != memories {
				return fmt.Errorf("a reader saw %d memories after %d, %d of them of the next version", memories, seen, ofNext)
			}
			seen = memories
		}
		return nil
	})

	// Two processes of the next version start at the same time.
	core, logged := observer.New(zap.InfoLevel)
	taken := make(chan struct{}, 2)
	for range 2 {
		start(func() error {
			config := rebuild.Config{Log: zap.New(core)}
			if err := rebuild.Upgrade(ctx, f.pool, next, config); err != nil {
				return err
			}
			taken <- struct{}{}
			return f.runner(next).Run(ctx)
		})
	}
	for range 2 {
		select {
		case <-taken:
		case <-time.After(time.Minute):
			require.FailNow(t, "the next version does not take over", "%v", logged.All())
		}
	}
	require.Equal(t, 1, logged.FilterMessage("the new tables are live").Len(), "one of them rebuilds")
	require.NotZero(t, logged.FilterMessage("rebuilding").Len())
	require.Equal(t, []int{next.Version()}, f.versions(t))

	// Both versions go on running, and new tenants appear.
	at := pgtest.Value[int64](t, f.pool, `select sequence_id from logs where tenant_id = $1`, tenant)
	require.Eventually(t, func() bool {
		var past bool
		err := f.pool.QueryRow(t.Context(), `
			select bool_and(sequence_id > $1) from projection_checkpoints where tenant_id = $2 and projection = $3`,
			at+20, tenant, next.Name()).Scan(&past)
		return err == nil && past
	}, time.Minute, 20*time.Millisecond)
	stop()
	running.Wait()
	if err := failed.Load(); err != nil {
		require.NoError(t, *err)
	}
	f.requireIntact(t)

	// The old version changes nothing any more, not even a tenant without a checkpoint.
	require.NoError(t, f.write(t.Context(), tenant, 5))
	require.NoError(t, f.write(t.Context(), "late", 5))
	require.NoError(t, f.runner(first).CatchUp(t.Context()))
	require.Equal(t, []int{next.Version()}, f.versions(t))
	require.Zero(t, pgtest.Value[int](t, f.pool, `select count(*) from agent_memories where tenant_id = 'late'`))

	require.NoError(t, f.runner(next).CatchUp(t.Context()))
	require.Zero(t, pgtest.Value[int](t, f.pool, `select count(*) from agent_memories where reason <> 'second'`), "every row is of the next version")
}

func TestTablesOfANewerVersionAreLeftAlone(t *testing.T) {
	f := projected(t, 20)
	first := f.both()[0]
	f.rebuild(t, second{first})
	live := f.contents(t)
	core, logged := observer.New(zap.InfoLevel)
	require.NoError(t, rebuild.Upgrade(t.Context(), f.pool, first, rebuild.Config{Log: zap.New(core)}))
	require.Equal(t, 1, logged.Len())
	require.Contains(t, logged.All()[0].Message, "newer program")
	require.NoError(t, f.write(t.Context(), "new", 5))
	require.NoError(t, f.runner(first).CatchUp(t.Context()))
	require.Equal(t, live, f.contents(t))
	require.Equal(t, []int{second{first}.Version()}, f.versions(t))
}

// Only runners of the newer version write its tables, even if there is no checkpoint yet.
func TestAnOlderRunnerDoesNotBeginWithNewerTables(t *testing.T) {
	f := setup(t)
	first := f.both()[0]
	f.rebuild(t, second{first})
	require.NoError(t, f.write(t.Context(), tenant, 5))
	ctx, stop := context.WithTimeout(t.Context(), time.Second)
	defer stop()
	_ = f.runner(first).Run(ctx)
	require.Empty(t, f.versions(t))
}

// wider is a next version with other columns: an additional one, and one of another type.
type wider struct{ second }

func (w wider) Schema() string {
	return strings.Replace(w.second.Schema(), "reason           text", "mood text not null default 'good',\n reason varchar", 1)
}

func TestNextVersionMayHaveOtherColumns(t *testing.T) {
	f := projected(t, 20)
	next := wider{second{f.both()[0]}}
	require.NoError(t, rebuild.Upgrade(t.Context(), f.pool, next, rebuild.Config{}))
	require.Equal(t, 20, pgtest.Value[int](t, f.pool, `select count(*) from agent_memories where mood = 'good' and reason = 'second'`))
}

func TestAnOlderProgramRebuildsNewerTablesOnlyWhenAskedTo(t *testing.T) {
	f := setup(t)
	first := f.both()[:1]
	next := second{first[0]}
	require.NoError(t, f.write(t.Context(), tenant, 20))
	f.rebuild(t, next)
	require.ErrorIs(t, rebuild.Run(t.Context(), f.pool, first, rebuild.Config{}), rebuild.ErrNewerVersion)
	require.Equal(t, []int{next.Version()}, f.versions(t))
	require.NoError(t, rebuild.Run(t.Context(), f.pool, first, rebuild.Config{Downgrade: true}))
	require.Equal(t, []int{first[0].Version()}, f.versions(t))
}

func TestAFailedUpgradeIsRetried(t *testing.T) {
	f := projected(t, 20)
	live := f.contents(t)
	// A view cannot get other columns while another user's view needs it.
	next := wider{second{f.both()[0]}}
	pgtest.Exec(t, f.pool, `create view mine as select id from agent_memories`)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	ended := make(chan error, 1)
	core, logged := observer.New(zap.InfoLevel)
	go func() {
		ended <- rebuild.Upgrade(ctx, f.pool, next, rebuild.Config{Log: zap.New(core)}.Retrying(50*time.Millisecond))
	}()
	failures := func() []observer.LoggedEntry { return logged.FilterMessageSnippet("the rebuild failed").All() }
	require.Eventually(t, func() bool { return len(failures()) > 1 }, time.Minute, time.Millisecond)
	require.Contains(t, failures()[0].ContextMap()["error"], "agent_memories")
	require.Equal(t, live, f.contents(t))
	pgtest.Exec(t, f.pool, `drop view mine`)
	require.NoError(t, <-ended)
	require.Equal(t, []int{next.Version()}, f.versions(t))
	require.Nil(t, f.status(t))
}

// openEmpty makes a tenant with an empty log and a live checkpoint: its first command changed nothing.
func (f fixture) openEmpty(t *testing.T, of domain.Tenant, p projections.Projection) {
	t.Helper()
	_, err := f.handler.ForgetMatching(t.Context(), commands.Request{Tenant: of, Meta: domain.Meta{Actor: "test", CommandID: "first"}}, canonjson.Text("all"),
		func(context.Context, uuid.UUID, int) ([]uuid.UUID, error) { return nil, nil })
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.runner(p).Run(ctx) }()
	require.Eventually(t, func() bool {
		var there bool
		err := f.pool.QueryRow(t.Context(), `select exists (select from projection_checkpoints where tenant_id = $1)`, of).Scan(&there)
		return err == nil && there
	}, time.Minute, 5*time.Millisecond)
	stop()
	require.NoError(t, <-ended)
}

func TestATenantWithoutEventsIsUpgradedWithTheOthers(t *testing.T) {
	f := setup(t)
	first := f.both()[0]
	next := second{first}
	require.NoError(t, f.write(t.Context(), tenant, 20))
	f.openEmpty(t, "empty", first)
	const readTerm = `select lease_term from projection_checkpoints where tenant_id = 'empty' and projection_version = $1`
	before := pgtest.Value[int64](t, f.pool, readTerm, first.Version())

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, rebuild.Upgrade(ctx, f.pool, next, rebuild.Config{}))
	require.Greater(t, pgtest.Value[int64](t, f.pool, readTerm, next.Version()), before, "the former leader's term has ended")

	require.NoError(t, f.write(t.Context(), "empty", 5))
	require.NoError(t, f.runner(next).CatchUp(t.Context()))
	require.Equal(t, 5, pgtest.Value[int](t, f.pool, `select count(*) from agent_memories where tenant_id = 'empty' and reason = 'second'`))
}
