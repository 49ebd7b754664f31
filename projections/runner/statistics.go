package runner

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"
)

// statisticsAt is the sequence_id at which the tables of a projection need statistics. A statement that was planned while
// they were empty keeps a plan that goes through all of a tenant's rows until there are some, and PostgreSQL gathers them
// by itself only about once a minute.
const statisticsAt = 1000

const withoutStatistics = `
select oid::regclass::text
  from pg_class
 where relname = any($1) and relnamespace = to_regnamespace($2) and reltuples < 0`

// gatherStatistics gathers the first statistics of the projection's tables.
func (w *worker) gatherStatistics(ctx context.Context, u *unit) {
	if u.Schema == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, w.config.Timeout)
	defer cancel()
	rows, err := w.pool.Query(ctx, withoutStatistics, u.projection.Tables(), u.Schema)
	if err == nil {
		var tables []string
		if tables, err = pgx.CollectRows(rows, pgx.RowTo[string]); err == nil {
			err = w.analyze(ctx, tables)
		}
	}
	if err != nil && ctx.Err() == nil {
		w.log(u.Key).Warn("no statistics were gathered; until PostgreSQL does so, reading may be slow", zap.Error(err))
	}
}

func (w *worker) analyze(ctx context.Context, tables []string) error {
	for _, table := range tables {
		if _, err := w.pool.Exec(ctx, "analyze "+table); err != nil {
			return fmt.Errorf("analyze %s: %w", table, err)
		}
	}
	return nil
}
