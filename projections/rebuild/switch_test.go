package rebuild_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/projections/rebuild"
	"github.com/auren-memory/auren/queries"
)

// read begins a transaction that reads the memories, which leave ends.
func (f fixture) read(t *testing.T) (leave func()) {
	t.Helper()
	reader, err := f.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = reader.Exec(t.Context(), "select from agent_memories")
	require.NoError(t, err)
	return func() { require.NoError(t, reader.Rollback(t.Context())) }
}

func TestSwitchWaitsForALongReaderWithoutBlockingOthers(t *testing.T) {
	f := projected(t, 20)
	live := f.contents(t)
	leave := f.read(t)
	ended := make(chan error, 1)
	go func() { ended <- rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{}) }()
	require.Eventually(t, func() bool { // the switch waits for the reader
		var waiting bool
		err := f.pool.QueryRow(t.Context(), `
			select exists (select
			                 from pg_locks
			                where not granted and mode = 'AccessExclusiveLock' and relation = 'agent_memories'::regclass
			                  and database = (select oid from pg_database where datname = current_database()))`).Scan(&waiting)
		return err == nil && waiting
	}, 20*time.Second, 5*time.Millisecond)
	require.Equal(t, live, f.contents(t), "another reader gets through")
	leave()
	require.NoError(t, <-ended)
	require.Equal(t, live, f.contents(t))
	f.requireIntact(t)
}

// vacuumingSlowly returns a fixture in which a vacuum of the table takes longer than the switch waits for readers. It has a
// server of its own, since autovacuum goes from one database to the next.
func vacuumingSlowly(t *testing.T, table string) fixture {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), pgtest.NewServer(t).DSN())
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	f := on(pool)
	t.Cleanup(f.writer.Close)
	pgtest.Exec(t, pool, `
		alter table `+table+` set (autovacuum_vacuum_insert_threshold = 0, autovacuum_vacuum_insert_scale_factor = 0,
		autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_limit = 1, autovacuum_vacuum_cost_delay = 100)`)
	return f
}

func (f fixture) awaitVacuum(t *testing.T, table string) {
	t.Helper()
	require.Eventually(t, func() bool {
		var vacuuming bool
		err := f.pool.QueryRow(t.Context(), `
			select exists (select from pg_locks where relation = to_regclass($1) and mode = 'ShareUpdateExclusiveLock')`, table).Scan(&vacuuming)
		return err == nil && vacuuming
	}, time.Minute, 20*time.Millisecond)
}

func TestSwitchDoesNotWaitForAutovacuum(t *testing.T) {
	t.Parallel()
	const table = "auren_search_g2.search_documents"
	f := vacuumingSlowly(t, table)
	require.NoError(t, f.write(t.Context(), tenant, 1000))
	f.project(t)
	pgtest.Exec(t, f.pool, `update search_documents set length = length`)
	f.awaitVacuum(t, table)
	live := f.contents(t)
	require.NoError(t, rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{}.Trying(1, 0)))
	require.Equal(t, live, f.contents(t))
}

func TestTheSwitchPausesBetweenItsAttempts(t *testing.T) {
	f := projected(t, 20)
	live := f.contents(t)
	defer f.read(t)()
	core, logged := observer.New(zap.InfoLevel)
	const pause = time.Second
	var refused *pgconn.PgError
	require.ErrorAs(t, rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{Log: zap.New(core)}.Trying(3, pause)), &refused)
	require.Equal(t, "55P03", refused.Code, "lock_not_available")
	tried := logged.FilterMessageSnippet("trying again").All()
	require.Len(t, tried, 2)
	require.GreaterOrEqual(t, tried[1].Time.Sub(tried[0].Time), pause)
	require.Equal(t, live, f.contents(t))
}

func TestReadersGetAnswersDuringASwitch(t *testing.T) {
	f := projected(t, 100)
	reader := queries.New(f.pool, queries.Config{})
	first, err := reader.List(t.Context(), tenant, queries.Filter{State: queries.StateAll}, queries.Page{}, queries.At{})
	require.NoError(t, err)
	id, past := first.Memories[0].ID, queries.At{AsOf: queries.AsOf{SequenceID: first.SequenceID / 2}}
	asks := map[string]func(context.Context) (int, error){
		"get": func(ctx context.Context) (int, error) {
			m, _, err := reader.Get(ctx, tenant, id, queries.At{})
			return m.Version, err
		},
		"list": func(ctx context.Context) (int, error) {
			l, err := reader.List(ctx, tenant, queries.Filter{}, queries.Page{}, queries.At{})
			return len(l.Memories), err
		},
		"list as of": func(ctx context.Context) (int, error) {
			l, err := reader.List(ctx, tenant, queries.Filter{}, queries.Page{}, past)
			return len(l.Memories), err
		},
		"history": func(ctx context.Context) (int, error) {
			h, err := reader.History(ctx, tenant, id, queries.HistoryPage{}, queries.At{})
			return len(h.Versions), err
		},
		"stats": func(ctx context.Context) (int, error) {
			s, err := reader.Stats(ctx, tenant, queries.Filter{}, queries.At{})
			return int(s.Total), err
		},
		"search": func(ctx context.Context) (int, error) {
			s, err := reader.Search(ctx, tenant, queries.SearchRequest{Query: "memory"}, queries.At{})
			return len(s.Hits), err
		},
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var readers errgroup.Group
	for name, ask := range asks {
		before, err := ask(t.Context())
		require.NoError(t, err)
		for range 3 {
			readers.Go(func() error {
				for ctx.Err() == nil {
					if after, err := ask(context.Background()); err != nil || after != before {
						return fmt.Errorf("%s: %d, after %d: %w", name, after, before, err)
					}
				}
				return nil
			})
		}
	}
	for range 15 {
		require.NoError(t, rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{}.Trying(1000, 20*time.Millisecond)))
	}
	stop()
	require.NoError(t, readers.Wait())
}

// line is a connection that breaks, once armed, when the server has answered the next commit.
type line struct {
	net.Conn
	armed    *atomic.Bool
	breaking atomic.Bool
}

func (l *line) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("commit\x00")) && l.armed.Swap(false) {
		l.breaking.Store(true)
	}
	return l.Conn.Write(b)
}

func (l *line) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if err == nil && l.breaking.Load() {
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

func TestALostAnswerToTheSwitchIsRecovered(t *testing.T) {
	f := projected(t, 20)
	live := f.contents(t)
	var armed atomic.Bool
	config := f.pool.Config()
	dial := config.ConnConfig.DialFunc
	config.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &line{Conn: conn, armed: &armed}, nil
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	err = rebuild.Run(t.Context(), pool, f.both(), rebuild.Config{Progress: func(p rebuild.Progress) {
		armed.Store(p.Phase == rebuild.Switching)
	}})
	require.NoError(t, err)
	require.False(t, armed.Load(), "an answer was lost")
	require.Equal(t, live, f.contents(t))
	f.requireIntact(t)
}
