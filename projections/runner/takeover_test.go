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

// looks counts how often all tenants are read.
type looks struct{ atomic.Int64 }

func (l *looks) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if data.SQL == readDue {
		l.Add(1)
	}
	return ctx
}
func (*looks) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// Whoever looks at all of them again for each that it has taken over is the slower the more there are.
func TestManyTenantsAreTakenOverWithFewLooksAtAllOfThem(t *testing.T) {
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
	looks := &looks{}
	config := f.pool.Config()
	config.ConnConfig.Tracer = looks
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	var running sync.WaitGroup
	defer running.Wait()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r := New(pool, eventstore.New(pool, eventstore.Config{}), eventstore.NewWatcher(pool, eventstore.LogChannel, zap.NewNop()), Config{Holder: "heir", LeaseTTL: time.Minute, Poll: time.Minute},
		diary{})
	running.Go(func() { _ = r.Run(ctx) })
	f.requireLeaders(t, map[string]int{"heir": tenants})
	require.Less(t, looks.Load(), int64(tenants/20))
}

func TestTenantsThatAreBehindAreDueFirst(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, tenant := range []string{"a", "b", "c", "d", "e"} {
		_, err := f.pool.Exec(t.Context(), `insert into logs (tenant_id, hash, created_at) values ($1, '\x00', now())`, tenant)
		require.NoError(t, err)
	}
	f.append(t, "late", `{}`)
	due, err := f.runner(Config{}).due(t.Context())
	require.NoError(t, err)
	require.Len(t, due, 6)
	require.EqualValues(t, "late", due[0].tenant)
}
