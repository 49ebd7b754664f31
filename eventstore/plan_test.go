package eventstore_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
)

// A statement planned while its table is empty keeps its plan until statistics are gathered. One that scanned the table would take
// longer with each event until then.
func TestReadsUseTheirIndexEvenIfPlannedOnAnEmptyTable(t *testing.T) {
	t.Parallel()
	conn, err := pgtest.New(t).Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	_, err = conn.Exec(t.Context(), `set plan_cache_mode = force_generic_plan`)
	require.NoError(t, err)
	const contents = `Index Scan using event_contents_pkey .*\n *Index Cond: .*tenant_id.* AND .*sequence_id`
	const stream = `Index Scan using events_stream_version_key .*\n *Index Cond: .*tenant_id.* AND .*stream_id`
	for sql, expected := range map[string][]string{eventstore.ReadStreams: {stream, contents}, eventstore.ReadLog: {contents}} {
		prepared, err := conn.Conn().Prepare(t.Context(), "", sql)
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), "deallocate all; prepare planned as "+sql, pgx.QueryExecModeSimpleProtocol)
		require.NoError(t, err)
		nulls := strings.TrimSuffix(strings.Repeat("null, ", len(prepared.ParamOIDs)), ", ")
		rows, err := conn.Query(t.Context(), "explain execute planned ("+nulls+")", pgx.QueryExecModeSimpleProtocol)
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		for _, line := range expected {
			require.Regexp(t, line, strings.Join(lines, "\n"))
		}
	}
}
