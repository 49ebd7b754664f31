package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/cmd/auren-bench/internal/measure"
	"github.com/auren-memory/auren/cmd/auren-bench/internal/world"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/projections/rebuild"
)

// While liveClients write, the projector is measured for so many Durations: it works in larger batches the further behind
// it is.
const (
	liveClients = 100
	liveFor     = 5
)

// benchRebuild rebuilds both read models, beside the projector while commands are written as fast as they can be, a
// projector of the usual kind at the beginning of the log, when its indexes are small still, the projector making them from the
// first event on with nothing else to do, and what PostgreSQL takes for the rows alone.
func benchRebuild(ctx context.Context, b *run) error {
	if err := b.Remember(ctx, world.EvenScopes(b.Events, max(b.Events/smallScope, 1))); err != nil {
		return err
	}
	if err := b.ProjectAll(ctx); err != nil {
		return err
	}
	if err := b.Exec(ctx, createFloors); err != nil {
		return err
	}
	var tables []string
	for _, p := range stack.ReadModels() {
		tables = append(tables, p.Tables()...)
	}
	a := newAppending(b)
	// The whole log, which grows with what is written to it meanwhile.
	all := func(do func(ctx context.Context) error) func(context.Context) (measure.Sample, error) {
		return func(ctx context.Context) (measure.Sample, error) {
			head, err := b.EventLog.Head(ctx, world.Tenant)
			if err != nil {
				return measure.Sample{}, err
			}
			return measure.Timed(int(head.SequenceID), func() error { return do(ctx) })
		}
	}
	return b.Compare(ctx, measure.Result{Case: "agent_memories and search", Axis: "events", At: b.Events},
		measure.Floor(fmt.Sprintf("projector, while %d clients write", liveClients), "events", a.projectLive),
		measure.Floor("a batch of 1,000 a transaction, to_tsvector", "events", b.projectInBatches),
		measure.Floor("projector, from the first event on", "events", func(ctx context.Context) (measure.Sample, error) {
			if err := b.Exec(ctx, forgetMemories, forgetSearch); err != nil {
				return measure.Sample{}, err
			}
			return all(b.ProjectAll)(ctx)
		}),
		measure.Floor("rows that are there, copied and indexed", "events", func(ctx context.Context) (measure.Sample, error) {
			m, err := all(func(ctx context.Context) error { return b.copyRows(ctx, tables) })(ctx)
			return m, errors.Join(err, b.dropRows(ctx, tables))
		}),
		measure.Subject("rebuild", "events", all(func(ctx context.Context) error {
			return rebuild.Run(ctx, b.Pool, stack.ReadModels(), rebuild.Config{Log: b.Log})
		})))
}

// readCheckpoint is of the read model that is further behind.
const readCheckpoint = `
select min(sequence_id)
  from projection_checkpoints
 where tenant_id = $1 and projection in ('agent_memories', 'search')`

func (b *run) checkpoint(ctx context.Context) (sequenceID int64, err error) {
	if err := b.Pool.QueryRow(ctx, readCheckpoint, world.Tenant).Scan(&sequenceID); err != nil {
		return 0, fmt.Errorf("read the checkpoints: %w", err)
	}
	return sequenceID, nil
}

// projectLive lets the read models follow, each with a runner of its own as in a projector, while clients write as fast as
// they can, and counts what came into both of them.
func (a *appending) projectLive(ctx context.Context) (m measure.Sample, err error) {
	before, err := a.checkpoint(ctx)
	if err != nil {
		return m, err
	}
	stop := a.Project(ctx)
	defer func() {
		if err = errors.Join(err, stop()); err == nil {
			err = a.ProjectAll(ctx) // nothing is left to the next side
		}
	}()
	began := time.Now()
	for m.Count == 0 {
		if time.Since(began) > patience {
			return m, fmt.Errorf("the projector did not move in %s", patience)
		}
		if _, err := measure.Drive(ctx, liveClients, liveFor*a.Duration, a.remember(a.Handler, false)); err != nil {
			return m, err
		}
		now, err := a.checkpoint(ctx)
		if err != nil {
			return m, err
		}
		m.Count, m.Took = int(now-before), time.Since(began)
	}
	return m, nil
}

// What makes the indexes of a table ($1) on another one ($2), under whatever names.
const indexesLike = `
select replace(pg_get_indexdef(i.indexrelid), format(' %I ON %I.%I ', x.relname, n.nspname, c.relname), ' ON ' || $2 || ' ')
  from pg_index as i
  join pg_class as x on x.oid = i.indexrelid
  join pg_class as c on c.oid = i.indrelid
  join pg_namespace as n on n.oid = c.relnamespace
  join projection_generations as g on g.schema_name = n.nspname
 where g.state = 'live' and c.relname = $1`

// copyRows copies the rows of tables into other tables, all at once, and makes the same indexes of each: what is left of
// a rebuild where nothing is read from a log, made, or sent to PostgreSQL.
func (b *run) copyRows(ctx context.Context, tables []string) error {
	group, within := errgroup.WithContext(ctx)
	for _, table := range tables {
		group.Go(func() error { return b.copyRowsOf(within, table) })
	}
	return group.Wait()
}

// rowsOf is the table into which the rows of one are copied.
func rowsOf(table string) string { return "auren_bench." + table + "_rows" }

func (b *run) dropRows(ctx context.Context, tables []string) error {
	for _, table := range tables {
		if err := b.Exec(ctx, "drop table if exists "+rowsOf(table)); err != nil {
			return err
		}
	}
	return nil
}

func (b *run) copyRowsOf(ctx context.Context, table string) error {
	to := rowsOf(table)
	if err := b.Exec(ctx, fmt.Sprintf(`create table %s (like %s)`, to, table), fmt.Sprintf(`insert into %s select * from %s`, to, table)); err != nil {
		return err
	}
	found, _ := b.Pool.Query(ctx, indexesLike, table, to) // CollectRows returns its error
	statements, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list the indexes of %s: %w", table, err)
	}
	group, within := errgroup.WithContext(ctx)
	for _, statement := range statements {
		group.Go(func() error { return b.Exec(within, statement) })
	}
	return group.Wait()
}
