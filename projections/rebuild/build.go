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

// runnerTables are copied into the schema of a build: its checkpoints are apart from the live ones.
func runnerTables() []string { return []string{"projection_checkpoints", "projectors"} }

// logTables are what a runner reads; in the schema of the generation they are views.
func logTables() []string { return []string{"events", "event_contents", "logs"} }

// createSurroundings creates, in the schema of a generation, what a runner needs beside the tables of the projection. The runner
// takes the generation for the live one.
func createSurroundings(ctx context.Context, tx pgx.Tx, g generation.Generation) error {
	statements := []string{fmt.Sprintf(
		"create view %s as select projection, projection_version, schema_name, 'live' as state from projection_generations where generation = %d",
		g.Table("projection_generations"), g.Number)}
	for _, table := range runnerTables() {
		statements = append(statements, fmt.Sprintf("create table %s (like %s including all)", g.Table(table), table))
	}
	for _, table := range logTables() {
		statements = append(statements, fmt.Sprintf("create view %s as select * from %s", g.Table(table), table))
	}
	return execute(ctx, tx, statements)
}

// dropSurroundings drops everything but the tables of the projection.
func (b *build) dropSurroundings(ctx context.Context, tx pgx.Tx) error {
	var statements []string
	for _, table := range runnerTables() {
		statements = append(statements, "drop table "+b.Table(table))
	}
	for _, view := range append(logTables(), "projection_generations") {
		statements = append(statements, "drop view "+b.Table(view))
	}
	return execute(ctx, tx, statements)
}

func execute(ctx context.Context, tx pgx.Tx, statements []string) error {
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

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
