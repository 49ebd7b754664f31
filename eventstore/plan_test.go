package eventstore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
)

// A statement planned while its table is empty keeps its plan until statistics are gathered. One that scanned the table would take
// longer with each event until then.
func TestReadsUseTheirIndexEvenIfPlannedOnAnEmptyTable(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	const contents = `Index Scan using event_contents_pkey .*\n *Index Cond: .*tenant_id.* AND .*sequence_id`
	const stream = `Index Scan using events_stream_version_key .*\n *Index Cond: .*tenant_id.* AND .*stream_id`
	const imported = `Index Scan using imported_pkey .*\n *Index Cond: .*tenant_id.* AND .*record`
	for sql, expected := range map[string][]string{
		eventstore.ReadStreams: {stream, contents}, eventstore.ReadLog: {contents}, eventstore.ReadImported: {imported},
	} {
		plan := pgtest.GenericPlan(t, pool, sql)
		for _, line := range expected {
			require.Regexp(t, line, plan)
		}
	}
}
