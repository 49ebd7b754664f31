package rebuild_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rebuild"
)

// hurried returns a pool with a statement_timeout and a lock_timeout of a second.
func (f fixture) hurried(t *testing.T) *pgxpool.Pool {
	t.Helper()
	config := f.pool.Config()
	config.ConnConfig.RuntimeParams["statement_timeout"] = "1s"
	config.ConnConfig.RuntimeParams["lock_timeout"] = "1s"
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func TestIndexesAreNotBoundByStatementTimeout(t *testing.T) {
	f := projected(t, 5)
	live := f.contents(t)
	require.NoError(t, rebuild.Run(t.Context(), f.hurried(t), []projections.Projection{slowlyIndexed{f.both()[0]}}, rebuild.Config{}))
	require.Equal(t, live, f.contents(t))
}

// slowlyIndexed has an index that takes 0.3 s for each row.
type slowlyIndexed struct{ projections.Projection }

func (s slowlyIndexed) Schema() string {
	return s.Projection.Schema() + `
create function slowly(text) returns text immutable language plpgsql as 'begin perform pg_sleep(0.3); return $1; end';
create index slow_idx on agent_memories (slowly(agent_id));
`
}

// asking records the synchronous_commit of the transactions that fill the tables.
type asking struct {
	projections.Projection
	commits chan string
}

func (a asking) Prepare(ctx context.Context, of domain.Tenant, events []eventstore.Event) (projections.Write, error) {
	write, err := a.Projection.Prepare(ctx, of, events)
	return func(ctx context.Context, tx pgx.Tx) error {
		var commits string
		if err := tx.QueryRow(ctx, "show synchronous_commit").Scan(&commits); err != nil {
			return err
		}
		a.commits <- commits
		return write(ctx, tx)
	}, err
}

func TestTablesAreFilledWithoutSynchronousCommits(t *testing.T) {
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 20))
	config := f.pool.Config()
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "set synchronous_commit = on")
		return err
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	filling := asking{f.both()[0], make(chan string, 10)}
	require.NoError(t, rebuild.Run(t.Context(), pool, []projections.Projection{filling}, rebuild.Config{}))
	require.Equal(t, "off", <-filling.commits)
}
