package rebuild_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rebuild"
)

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
	t.Parallel()
	f := setup(t)
	first := f.both()[0]
	next := second{first}
	require.NoError(t, f.write(t.Context(), tenant, 20))
	f.openEmpty(t, "empty", first)
	var before, after int64
	const readTerm = `select lease_term from projection_checkpoints where tenant_id = 'empty' and projection_version = $1`
	require.NoError(t, f.pool.QueryRow(t.Context(), readTerm, first.Version()).Scan(&before))

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, rebuild.Upgrade(ctx, f.pool, next, rebuild.Config{}))
	require.NoError(t, f.pool.QueryRow(t.Context(), readTerm, next.Version()).Scan(&after))
	require.Greater(t, after, before, "the former leader's term has ended")

	require.NoError(t, f.write(t.Context(), "empty", 5))
	require.NoError(t, f.runner(next).CatchUp(t.Context()))
	var memories int
	require.NoError(t, f.pool.QueryRow(t.Context(), `
		select count(*) from agent_memories where tenant_id = 'empty' and reason = 'second'`).Scan(&memories))
	require.Equal(t, 5, memories)
}
