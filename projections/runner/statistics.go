package runner

import (
	"context"

	"github.com/jackc/pgx/v5"
	"go.uber.org/zap"
)

// statisticsAt is the sequence_id at which the tables of a projection need statistics. A statement that was planned for
// empty tables keeps a plan that scans all rows of a tenant until there are statistics, and autovacuum gathers them only
// about once a minute.
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
	rows, _ := w.pool.Query(ctx, withoutStatistics, u.projection.Tables(), u.Schema) // CollectRows returns its error
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for i := 0; err == nil && i < len(tables); i++ {
		_, err = w.pool.Exec(ctx, "analyze "+tables[i])
	}
	if err != nil && ctx.Err() == nil {
		w.log(u.Key).Warn("the statistics could not be gathered; reads may be slow until autovacuum gathers them", zap.Error(err))
	}
}
