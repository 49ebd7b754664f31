package rebuild

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

// The indexes that are no constraints, under their own names, the dearest first.
// ($1: the live table, $2: its copy, $3: the schema of the copies)
const (
	indexesOf = `
select replace(pg_get_indexdef(i.indexrelid), format(' ON %I.%I ', n.nspname, c.relname), ' ON ' || $2 || ' ')
  from pg_index as i
  join pg_class as c on c.oid = i.indrelid
  join pg_namespace as n on n.oid = c.relnamespace
  join pg_class as x on x.oid = i.indexrelid
  join pg_am as m on m.oid = x.relam
 where i.indrelid = $1::regclass
   and not exists (select from pg_constraint as o where o.conindid = i.indexrelid and o.contype in ('p', 'u', 'x'))`
	notMade = `
   and not exists (select from pg_class as made where made.relnamespace = to_regnamespace($3) and made.relname = x.relname)`
	dearestFirst = `
 order by m.amname = 'btree', x.relname`

	describeIndexes = indexesOf + ` and $3 <> ''` + dearestFirst
	describeMissing = indexesOf + notMade + dearestFirst
)

const (
	// indexMemory is what building one index may take, where the server allows less.
	indexMemory = "256MB"
	// indexesAtOnce bounds how many are built at a time.
	indexesAtOnce = 4
)

const raiseMemory = `
select set_config('maintenance_work_mem', '` + indexMemory + `', true)
 where pg_size_bytes(current_setting('maintenance_work_mem')) < pg_size_bytes('` + indexMemory + `')`

// createIndexes makes what is dearer to keep up to date than to make at the end, and gathers statistics.
func (b *build) createIndexes(ctx context.Context, tables []string) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, table := range tables {
		group.Go(func() error { return b.createIndexesOf(ctx, table) })
	}
	return group.Wait()
}

func (b *build) createIndexesOf(ctx context.Context, table string) error {
	missing, err := b.missingIndexes(ctx, table)
	if err != nil {
		return err
	}
	b.countIndexes(0, int64(len(missing)))
	group, within := errgroup.WithContext(ctx)
	for _, statement := range missing {
		group.Go(func() error {
			select {
			case b.indexing <- struct{}{}:
				defer func() { <-b.indexing }()
			case <-within.Done():
				return within.Err()
			}
			return b.createIndex(within, statement)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := b.patiently(ctx, "analyze "+b.copyOf(table)); err != nil {
		return fmt.Errorf("analyze %s: %w", table, err)
	}
	return nil
}

func (b *build) createIndex(ctx context.Context, statement string) error {
	if err := b.patiently(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	b.countIndexes(1, 0)
	return nil
}

// patiently runs a statement that takes long, in a transaction of its own.
func (b *build) patiently(ctx context.Context, statement string) error {
	return pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error {
		if err := takeTime(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, raiseMemory); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, statement)
		return err
	})
}

// countIndexes counts indexes also while copies are filled still; they are told of afterwards.
func (b *build) countIndexes(made, more int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.indexed, b.toIndex = b.indexed+made, b.toIndex+more
	if b.progress.Phase == Indexing {
		b.progress.Done, b.progress.Total = b.indexed, b.toIndex
		b.config.Progress(b.progress)
	}
}

// beginIndexing begins the phase in which nothing but indexes is left to make.
func (b *build) beginIndexing(ctx context.Context) error {
	b.mu.Lock()
	done, total := b.indexed, b.toIndex
	b.mu.Unlock()
	return b.begin(ctx, Indexing, done, total)
}

// missingIndexes lists what makes the indexes of a copy that an earlier rebuild has not made.
func (b *build) missingIndexes(ctx context.Context, table string) ([]string, error) {
	var missing []string
	err := pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) (err error) {
		if err := takeTime(ctx, tx); err != nil {
			return err
		}
		// The server may still be at an index of a process that was killed.
		if _, err := tx.Exec(ctx, "lock table "+b.copyOf(table)+" in share update exclusive mode"); err != nil {
			return err
		}
		missing, err = b.statements(ctx, tx, describeMissing, table)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list the indexes of %s: %w", table, err)
	}
	return missing, nil
}
