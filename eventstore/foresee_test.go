package eventstore_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
)

// What a writer remembers of its log is wrong as soon as somebody else appends, or a command expects what is not so.
func TestWhatIsForeseenWronglyIsFoundOut(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	one, other := eventstore.New(pool, eventstore.Config{}), eventstore.New(pool, eventstore.Config{})
	stream := uuid.New()
	appended := func(s *eventstore.Store, stream uuid.UUID, expected int) eventstore.WriteResult {
		t.Helper()
		result, err := s.Append(t.Context(), writes(stream, expected, `{}`))
		require.NoError(t, err)
		return result.Writes[0]
	}
	require.Equal(t, int64(1), appended(one, stream, eventstore.None).SequenceID)
	require.Equal(t, int64(2), appended(one, uuid.New(), eventstore.None).SequenceID, "foreseen")
	require.Equal(t, int64(3), appended(other, uuid.New(), eventstore.None).SequenceID)
	require.Equal(t, int64(4), appended(one, uuid.New(), eventstore.None).SequenceID, "the head had moved")

	// Nobody else appends any more, so all of these are foreseen once the rest after the other's event is over.
	for sequenceID := int64(5); sequenceID < 205; sequenceID++ {
		require.Equal(t, sequenceID, appended(one, uuid.New(), eventstore.None).SequenceID)
	}
	require.Equal(t, 2, appended(one, stream, 1).Version, "the version is as expected")
	for _, expected := range []int{eventstore.None, 1, 5} {
		conflict := appended(one, stream, expected).Conflict
		require.NotNil(t, conflict, "expected %d", expected)
		require.Equal(t, 2, conflict.Actual)
	}
	require.Equal(t, int64(206), appended(one, uuid.New(), eventstore.None).SequenceID)
	require.Len(t, requireChain(t, one), 206)
}

// Planned while its table is empty, for whatever is looked up, a statement keeps its plan until statistics are gathered:
// one that went through the table would take longer with each command until then.
func TestLookUpsFollowTheirIndexHoweverLittleThereWas(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	conn, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	_, err = conn.Exec(t.Context(), `set plan_cache_mode = force_generic_plan`)
	require.NoError(t, err)
	plan := func(sql string) string {
		prepared, err := conn.Conn().Prepare(t.Context(), "", sql)
		require.NoError(t, err)
		arguments := strings.TrimSuffix(strings.Repeat("null, ", len(prepared.ParamOIDs)), ", ")
		_, err = conn.Exec(t.Context(), "prepare looked_up as "+sql)
		require.NoError(t, err)
		rows, err := conn.Query(t.Context(), "explain execute looked_up ("+arguments+")")
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), "deallocate looked_up")
		require.NoError(t, err)
		return strings.Join(lines, "\n")
	}
	commands := plan(eventstore.ReadCommands)
	require.Regexp(t, `Index Scan using commands_pkey .*\n *Index Cond: .*tenant_id.* AND .*command_id`, commands)
	require.Regexp(t, `Index Scan using events_pkey .*\n *Index Cond: .*tenant_id.* AND .*sequence_id`, commands)
	heads := plan(eventstore.ReadStreamHeads)
	require.Regexp(t, `Index Scan Backward using events_stream_version_key .*\n *Index Cond: .*tenant_id.* AND .*stream_id`, heads)
	foreseen := plan(eventstore.MoveHead)
	require.Regexp(t, `Index (Only )?Scan using events_stream_version_key .*\n *Index Cond: .*tenant_id.* AND .*stream_id.* AND .*version`, foreseen)
}
