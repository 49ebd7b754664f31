package rebuild

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/failpoint"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/generation"
	"github.com/auren-memory/auren/projections/runner"
)

// build is a generation under construction.
type build struct {
	generation.Generation
	projection projections.Projection
	pool       *pgxpool.Pool // its search_path is the generation's schema alone
	runner     *runner.Runner
}

// What a runner needs beside the tables of the projection, in the schema of a generation. It takes the generation for the
// live one, keeps checkpoints apart from the live ones and reads the log through views.
// (%[1]s: the schema, %[2]d: the generation)
const createSurroundings = `
create view %[1]s.projection_generations as
select projection, projection_version, schema_name, 'live' as state
  from projection_generations
 where generation = %[2]d;
create table %[1]s.projection_checkpoints (like projection_checkpoints including all);
create table %[1]s.projectors (like projectors including all);
create view %[1]s.events as select * from events;
create view %[1]s.event_contents as select * from event_contents;
create view %[1]s.logs as select * from logs`

// Drops everything but the tables of the projection.
const dropSurroundings = `
drop table %[1]s.projection_checkpoints, %[1]s.projectors;
drop view %[1]s.projection_generations, %[1]s.events, %[1]s.event_contents, %[1]s.logs`

// These bound a build's memory: for each tenant at work, one batch is written and one is prepared.
const (
	tenantsAtOnce = 2
	batchEvents   = 2000
	batchBytes    = 4 << 20
	// batchTimeout is generous: indexes may be created at the same time.
	batchTimeout = 5 * time.Minute
)

// prepareConnection turns off synchronous commits: the switch commits durably, and that makes everything committed before
// it durable, too. It raises maintenance_work_mem to at least 256 MB.
const prepareConnection = `
set synchronous_commit = off;
select set_config('maintenance_work_mem', '256MB', false)
 where pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('256MB')`

// open opens the connections of a build and makes the runner that fills it, of the kind that maintains the live tables.
func (b *build) open(ctx context.Context, pool *pgxpool.Pool, log *zap.Logger, applied func(events int64)) error {
	config := pool.Config()
	parameters := config.ConnConfig.RuntimeParams
	parameters["search_path"] = pgx.Identifier{b.Schema}.Sanitize()
	// Batches are bounded by batchTimeout, indexes are not bounded, whatever timeouts the role or the database sets. A
	// suspended process keeps no locks.
	parameters["statement_timeout"], parameters["lock_timeout"] = "0", "0"
	parameters["idle_in_transaction_session_timeout"] = fmt.Sprint(maxIdle.Milliseconds())
	config.MinConns, config.MinIdleConns = 0, 0
	// After the pool's own AfterConnect, which makes commits durable.
	first := config.AfterConnect
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		if first != nil {
			if err := first(ctx, conn); err != nil {
				return err
			}
		}
		return conn.PgConn().Exec(ctx, prepareConnection).Close()
	}
	var err error
	if b.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return fmt.Errorf("open connections: %w", err)
	}
	watcher := eventstore.NewWatcher(b.pool, eventstore.LogChannel, log)
	b.runner = runner.New(b.pool, eventstore.NewLog(b.pool), watcher, runner.Config{
		Log: log, Batch: batchEvents, BatchBytes: batchBytes, Concurrency: tenantsAtOnce, Timeout: batchTimeout,
		Applied: func(_ string, _ domain.Tenant, events int) {
			failpoint.Reached(failpoint.RebuildFilling)
			applied(int64(events))
		},
	}, b.projection)
	return nil
}

func (b *build) close() {
	if b.pool != nil {
		b.pool.Close()
	}
}

// createIndexes creates the indexes, which is faster than maintaining them while the tables are filled, and gathers
// statistics.
func (b *build) createIndexes(ctx context.Context, created func()) error {
	var group errgroup.Group
	group.SetLimit(indexesAtOnce)
	for _, statement := range generation.Indexes(b.projection) {
		group.Go(func() error {
			if _, err := b.pool.Exec(ctx, statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
			created()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, table := range b.projection.Tables() {
		if _, err := b.pool.Exec(ctx, "analyze "+b.Table(table)); err != nil {
			return fmt.Errorf("analyze %s: %w", table, err)
		}
	}
	return nil
}

// indexesAtOnce bounds how many indexes of a projection are created concurrently.
const indexesAtOnce = 2
