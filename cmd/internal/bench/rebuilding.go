package bench

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/rebuild"
)

// benchRebuild rebuilds both read models, beside the projector making them from the first event on, a projector of the
// usual kind at the beginning of it, when its indexes are small still, and what PostgreSQL takes for the rows alone.
func benchRebuild(ctx context.Context, b *run) ([]Result, error) {
	if err := b.remember(ctx, evenScopes(b.Events, max(b.Events/smallScope, 1))); err != nil {
		return nil, err
	}
	head, err := b.store.Head(ctx, tenant)
	if err != nil {
		return nil, err
	}
	events := int(head.SequenceID)
	if err := b.projectAll(ctx); err != nil {
		return nil, err
	}
	if err := b.createFloors(ctx); err != nil {
		return nil, err
	}
	readModels := func() []projections.Projection {
		return []projections.Projection{agentmemories.Projection{}, b.searchProjection()}
	}
	var tables []string
	for _, p := range readModels() {
		tables = append(tables, p.Tables()...)
	}
	r, err := b.compare(ctx, Result{Case: "agent_memories and search", Axis: "events", At: events},
		side{"projector", "events", true, func(ctx context.Context) (measured, error) {
			if err := b.exec(ctx, forgetMemories, forgetSearch, forgetMemoriesCheckpoint, forgetSearchCheckpoint); err != nil {
				return measured{}, err
			}
			return timed(events, func() error { return b.projectAll(ctx) })
		}},
		side{"a batch of 1,000 a transaction, to_tsvector", "events", true, b.projectInBatches},
		side{"rows that are there, copied and indexed", "events", true, func(ctx context.Context) (measured, error) {
			m, err := timed(events, func() error { return b.copyRows(ctx, tables) })
			return m, errors.Join(err, b.dropRows(ctx, tables))
		}},
		side{"rebuild", "events", false, func(ctx context.Context) (measured, error) {
			return timed(events, func() error {
				return rebuild.Run(ctx, b.pool, readModels(), rebuild.Config{Log: b.Log})
			})
		}})
	return []Result{r}, err
}

// What makes the indexes of a table ($1) on another one ($2), under whatever names.
const indexesLike = `
select replace(pg_get_indexdef(i.indexrelid), format(' %I ON %I.%I ', x.relname, n.nspname, c.relname), ' ON ' || $2 || ' ')
  from pg_index as i
  join pg_class as x on x.oid = i.indexrelid
  join pg_class as c on c.oid = i.indrelid
  join pg_namespace as n on n.oid = c.relnamespace
 where i.indrelid = $1::regclass`

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
		if err := b.exec(ctx, "drop table if exists "+rowsOf(table)); err != nil {
			return err
		}
	}
	return nil
}

func (b *run) copyRowsOf(ctx context.Context, table string) error {
	to := rowsOf(table)
	if err := b.exec(ctx, fmt.Sprintf(`create table %s (like %s)`, to, table), fmt.Sprintf(`insert into %s select * from %s`, to, table)); err != nil {
		return err
	}
	found, err := b.pool.Query(ctx, indexesLike, table, to)
	if err != nil {
		return fmt.Errorf("list the indexes of %s: %w", table, err)
	}
	statements, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("list the indexes of %s: %w", table, err)
	}
	group, within := errgroup.WithContext(ctx)
	for _, statement := range statements {
		group.Go(func() error { return b.exec(within, statement) })
	}
	return group.Wait()
}
