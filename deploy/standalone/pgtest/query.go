package pgtest

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/projections/generation"
)

// Exec executes a statement that must succeed.
func Exec(t testing.TB, db generation.Querier, sql string, args ...any) {
	t.Helper()
	_, err := db.Exec(t.Context(), sql, args...)
	require.NoError(t, err, sql)
}

// Rows returns the rows of a query with one column.
func Rows[T any](t testing.TB, db generation.Querier, sql string, args ...any) []T {
	t.Helper()
	rows, _ := db.Query(t.Context(), sql, args...) // CollectRows returns its error
	all, err := pgx.CollectRows(rows, pgx.RowTo[T])
	require.NoError(t, err, sql)
	return all
}

// Value returns what a query with one row and one column yields.
func Value[T any](t testing.TB, db generation.Querier, sql string, args ...any) T {
	t.Helper()
	rows := Rows[T](t, db, sql, args...)
	require.Len(t, rows, 1, sql)
	return rows[0]
}

// GenericPlan returns the plan of a statement that is prepared for any arguments.
func GenericPlan(t testing.TB, pool *pgxpool.Pool, sql string) string {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	described, err := conn.Conn().Prepare(t.Context(), "", sql)
	require.NoError(t, err, sql)
	Exec(t, conn, "deallocate all; set plan_cache_mode = force_generic_plan; prepare planned as "+sql, pgx.QueryExecModeSimpleProtocol)
	nulls := strings.TrimSuffix(strings.Repeat("null, ", len(described.ParamOIDs)), ", ")
	lines := Rows[string](t, conn, "explain execute planned ("+nulls+")", pgx.QueryExecModeSimpleProtocol)
	return strings.Join(lines, "\n")
}
