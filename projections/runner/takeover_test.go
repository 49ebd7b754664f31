package runner

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/eventstore"
)

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
		_, err := f.pool.Exec(t.Context(), sql, tenants)
		require.NoError(t, err)
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
		_, err := f.pool.Exec(t.Context(), `insert into logs (tenant_id, hash, created_at) values ($1, '\x00', now())`, tenant)
		require.NoError(t, err)
	}
	f.append(t, "late", `{}`)
	due, err := f.runner(Config{}).poll(t.Context())
	require.NoError(t, err)
	require.Len(t, due, 6)
	require.EqualValues(t, "late", due[0].Tenant)
}
