package rebuild_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/rebuild"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/projections/search"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const tenant = domain.DefaultTenant

type fixture struct {
	pool    *pgxpool.Pool
	log     *eventstore.Log
	writer  *writer.Writer
	handler *commands.Handler
	watcher *eventstore.Watcher
}

// setup is for a test that runs in parallel with others.
func setup(t *testing.T) fixture {
	t.Helper()
	t.Parallel()
	f := on(pgtest.New(t))
	t.Cleanup(f.writer.Close)
	return f
}

// projected is setup with the changes of some memories, which the live tables hold.
func projected(t *testing.T, memories int) fixture {
	t.Helper()
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, memories))
	f.project(t)
	return f
}

func on(pool *pgxpool.Pool) fixture {
	log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
	return fixture{
		pool: pool, log: log, writer: appends, handler: commands.New(log, appends, commands.Config{}),
		watcher: eventstore.NewWatcher(pool, eventstore.LogChannel, zap.NewNop()),
	}
}

func (f fixture) both() []projections.Projection {
	return []projections.Projection{agentmemories.Projection{}, search.New()}
}

func (f fixture) runner(p projections.Projection) *runner.Runner {
	return runner.New(f.pool, f.log, f.watcher, runner.Config{Poll: 20 * time.Millisecond, Batch: 50}, p)
}

func (f fixture) project(t *testing.T) {
	t.Helper()
	// A statement that was cancelled when another runner stopped can still renew its lease, after the release.
	require.Eventually(t, func() bool {
		for _, p := range f.both() {
			require.NoError(t, f.runner(p).CatchUp(t.Context()))
		}
		all, err := projections.ReadStatus(t.Context(), f.pool)
		require.NoError(t, err)
		return !slices.ContainsFunc(all, func(s projections.Status) bool { return s.Lag > 0 })
	}, time.Minute, 50*time.Millisecond)
}

// rebuild rebuilds projections, or both.
func (f fixture) rebuild(t *testing.T, rebuilt ...projections.Projection) {
	t.Helper()
	if rebuilt == nil {
		rebuilt = f.both()
	}
	require.NoError(t, rebuild.Run(t.Context(), f.pool, rebuilt, rebuild.Config{}))
}

// write remembers memories and changes them at random.
func (f fixture) write(ctx context.Context, tenant domain.Tenant, n int) error {
	req := commands.Request{Tenant: tenant, Meta: domain.Meta{Actor: "test"}, Reason: "because"}
	var ids []uuid.UUID
	for i := range n {
		r, err := f.handler.Remember(ctx, req, commands.Remember{Draft: memory.Draft{AgentID: fmt.Sprint("agent", i%3), UserID: fmt.Sprint("user", i%2), Content: canonjson.MustParse(fmt.Sprintf(`{"text": "number %d"}`, i))}})
		if err != nil {
			return err
		}
		ids = append(ids, r.ID)
		id := ids[rand.N(len(ids))]
		switch rand.N(5) {
		case 0:
			_, err = f.handler.Revise(ctx, req, id, memory.Revision{Content: canonjson.MustParse(fmt.Sprintf(`"revised %d"`, i))})
		case 1:
			_, err = f.handler.RecordEvidence(ctx, req, id, memory.Evidence{Supports: true})
		case 2:
			_, err = f.handler.Forget(ctx, req, id)
		case 3:
			_, err = f.handler.Restore(ctx, req, id)
		}
		if err != nil && domain.KindOf(err) != domain.Conflict {
			return err
		}
	}
	return nil
}

// writeMany remembers memories of one agent and user at once.
func (f fixture) writeMany(ctx context.Context, tenant domain.Tenant, n int) error {
	batch := make([]commands.Remember, n)
	for i := range batch {
		batch[i].Draft = memory.Draft{AgentID: "agent0", UserID: "user0", Content: canonjson.MustParse(fmt.Sprintf(`{"text": "many %d"}`, i))}
	}
	_, err := f.handler.RememberBatch(ctx, commands.Request{Tenant: tenant}, batch)
	return err
}

// contents returns every row of the projected tables, as text.
func (f fixture) contents(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, p := range f.both() {
		for _, table := range p.Tables() {
			all[table] = pgtest.Rows[string](t, f.pool, "select r::text from "+table+" as r order by 1")
			if !slices.Contains([]string{"search_segments", "search_postings", "search_terms", "search_ends", "search_languages"}, table) { // few documents make none, and English is the default
				require.NotEmpty(t, all[table])
			}
		}
	}
	return all
}

// dream appends an event that neither projection can apply.
func (f fixture) dream(t *testing.T) {
	t.Helper()
	_, err := f.writer.Append(t.Context(), eventstore.Command{Tenant: tenant, Writes: []eventstore.StreamAppend{{
		StreamID: uuid.New(), AgentID: "a", UserID: "u",
		Events: []eventstore.NewEvent{{ID: uuid.New(), Type: "memory_dreamt", SchemaVersion: 1, Payload: canonjson.EmptyObject(), OccurredAt: time.Now()}},
	}}})
	require.NoError(t, err)
}

func (f fixture) requireIntact(t *testing.T) {
	t.Helper()
	differences, err := migrations.Verify(t.Context(), f.pool)
	require.NoError(t, err)
	require.Empty(t, differences, "the schema is unchanged")
	require.Equal(t, []int{2, 10}, pgtest.Rows[int](t, f.pool, `
		select count(*) from pg_namespace where nspname like 'auren\_%'
		 union all
		select count(*) from pg_class where relnamespace::regnamespace::text like 'auren\_%' and relkind in ('r', 'v')`), "only the live tables are left")
}

func TestRebuiltEqualsLiveRowForRow(t *testing.T) {
	t.Parallel()
	for name, which := range map[string][]int{"agent_memories": {0}, "search": {1}, "both": {0, 1}} {
		t.Run(name, func(t *testing.T) {
			f := setup(t)
			require.NoError(t, f.writeMany(t.Context(), tenant, 600))
			require.NoError(t, f.write(t.Context(), tenant, 200))
			require.NoError(t, f.write(t.Context(), "other", 30))
			f.project(t)
			live := f.contents(t)
			require.NotEmpty(t, live["search_segments"])
			require.NotEmpty(t, live["search_postings"])
			var rebuilt []projections.Projection
			for _, i := range which {
				rebuilt = append(rebuilt, f.both()[i])
			}
			// Only a rebuild repairs damaged live tables.
			pgtest.Exec(t, f.pool, "update "+rebuilt[0].Tables()[0]+" set user_id = 'wrong' || user_id")

			last := map[rebuild.Phase]rebuild.Progress{}
			require.NoError(t, rebuild.Run(t.Context(), f.pool, rebuilt, rebuild.Config{Progress: func(p rebuild.Progress) {
				last[p.Phase] = p
			}}))
			require.Equal(t, live, f.contents(t))
			for _, phase := range []rebuild.Phase{rebuild.Filling, rebuild.Indexing} {
				require.Positive(t, last[phase].Total)
				require.Equal(t, last[phase].Total, last[phase].Done, phase)
			}
			f.requireIntact(t)

			require.NoError(t, f.write(t.Context(), tenant, 20))
			f.project(t)
			live = f.contents(t)
			f.rebuild(t, rebuilt...)
			require.Equal(t, live, f.contents(t), "a projector continues where the rebuild ended")
			f.requireIntact(t)
		})
	}
}

func TestRebuildWhileAgentsWriteReadersReadAndProjectorsRun(t *testing.T) {
	f := on(pgtest.New(t))
	defer f.writer.Close()
	require.NoError(t, f.write(t.Context(), tenant, 300))
	f.project(t)
	rebuildUnderLoad(t, f.pool.Config())
	f.project(t)
	f.requireIntact(t)
	live := f.contents(t)
	f.rebuild(t)
	require.Equal(t, live, f.contents(t))
}

func rebuildUnderLoad(t *testing.T, config *pgxpool.Config) {
	t.Helper()
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	// On a pool that the test closes: that waits for the connections of cancelled statements.
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	f := on(pool)

	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	var failed atomic.Pointer[error]
	start := func(part func() error) {
		running.Go(func() {
			if err := part(); err != nil && ctx.Err() == nil {
				failed.Store(&err)
			}
		})
	}
	start(func() error { return f.watcher.Run(ctx) })
	for _, p := range append(f.both(), f.both()...) {
		start(func() error { return f.runner(p).Run(ctx) })
	}
	for n := range 3 {
		start(func() error {
			for ctx.Err() == nil {
				// New tenants appear, too.
				if err := f.write(ctx, domain.Tenant(fmt.Sprint("t", n, "-", rand.N(5))), 5); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for range 2 {
		start(func() error {
			seen := 0
			for ctx.Err() == nil {
				var memories int
				err := f.pool.QueryRow(ctx, `select count(*) from agent_memories where tenant_id = $1`, tenant).Scan(&memories)
				if err != nil {
					return err
				}
				if memories < 300 || memories < seen {
					return fmt.Errorf("a reader saw %d memories after %d", memories, seen)
				}
				seen = memories
			}
			return nil
		})
	}
	// A projector that could never move its checkpoint would block the rebuild for ever.
	bounded, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 4 {
		if err := rebuild.Run(bounded, f.pool, f.both(), rebuild.Config{}); err != nil {
			failed.Store(&err)
			break
		}
	}
	stop()
	running.Wait()
	if err := failed.Load(); err != nil {
		require.NoError(t, *err)
	}
	f.writer.Close()
}

func TestAnInterruptedRebuildKeepsTheLiveTables(t *testing.T) {
	f := projected(t, 100)
	live := f.contents(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := rebuild.Run(ctx, f.pool, f.both(), rebuild.Config{Progress: func(rebuild.Progress) { cancel() }})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, live, f.contents(t))
	f.rebuild(t)
	require.Equal(t, live, f.contents(t))
	f.requireIntact(t)
}

func TestOnlyOneRebuildAtATime(t *testing.T) {
	f := projected(t, 20)
	var second error
	var once sync.Once
	require.NoError(t, rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{Progress: func(rebuild.Progress) {
		once.Do(func() { second = rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{}) })
	}}))
	require.ErrorIs(t, second, rebuild.ErrBusy)
	f.requireIntact(t)
}

func TestRebuildStopsAtAnUnappliableEvent(t *testing.T) {
	f := projected(t, 10)
	live := f.contents(t)
	f.dream(t)
	var stopped *projections.StoppedError
	require.ErrorAs(t, rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{}), &stopped)
	require.Equal(t, live, f.contents(t))
}

func TestTenantsWithoutNewEventsAreNotVisitedAgain(t *testing.T) {
	f := setup(t)
	for n := range 5 {
		require.NoError(t, f.write(t.Context(), domain.Tenant(fmt.Sprint("t", n)), 2))
	}
	var took, tenants int
	require.NoError(t, rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{Progress: func(p rebuild.Progress) {
		if p.Phase == rebuild.Switching {
			for _, table := range []string{"auren_agent_memories_g3", "auren_search_g4"} {
				var n, term int
				_ = f.pool.QueryRow(t.Context(), "select max(lease_term), count(*) from "+table+".projection_checkpoints").Scan(&term, &n)
				took, tenants = max(took, term), tenants+n
			}
		}
	}}))
	require.Equal(t, 10, tenants)
	require.Equal(t, 1, took, "leases are acquired only to fill the tables")
}

func TestPrivilegesAndOtherUsersViewsAreKept(t *testing.T) {
	f := projected(t, 5)
	const describe = `
		select string_agg(concat_ws(' ', relname, reloptions, relacl, (select array_agg(attacl::text order by attnum) from pg_attribute where attrelid = c.oid)), ';'
		                  order by relname, relkind)
		  from pg_class as c where relname ~ '^(agent_memor|search_)' and relkind in ('r', 'v')`
	pgtest.Exec(t, f.pool, `
		grant select on agent_memories, search_scopes to public;
		grant update (length) on search_documents to public;
		create view mine as select id from agent_memories`)
	before := pgtest.Value[string](t, f.pool, describe)
	require.Contains(t, before, "fillfactor=50")
	f.rebuild(t)
	require.Equal(t, before, pgtest.Value[string](t, f.pool, describe))
	require.Equal(t, 5, pgtest.Value[int](t, f.pool, "select count(*) from mine"))
}
