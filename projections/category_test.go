package projections_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/runner"
)

func TestANewCategoryStopsNoReadModel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	defer w.close()
	remember := func() {
		_, err := w.handler.Remember(t.Context(), commands.Request{Tenant: "north"}, commands.Remember{
			Draft: memory.Draft{AgentID: "coach", UserID: "ana", Content: canonjson.Text("runs")},
		})
		require.NoError(t, err)
	}
	remember()
	_, err := w.writer.Append(t.Context(), eventstore.Command{Tenant: "north", Writes: []eventstore.StreamAppend{{
		StreamID: uuid.New(), Category: "key", Events: []eventstore.NewEvent{{ID: uuid.New(), Type: "key_created", SchemaVersion: 1, OccurredAt: time.Now()}},
	}}})
	require.NoError(t, err)
	remember()
	watcher := eventstore.NewWatcher(w.pool, eventstore.LogChannel, zap.NewNop())
	require.NoError(t, runner.New(w.pool, w.log, watcher, runner.Config{}, w.projections()...).CatchUp(t.Context()))
	all, err := projections.ReadStatus(t.Context(), w.pool)
	require.NoError(t, err)
	require.Len(t, all, 2)
	for _, s := range all {
		require.Equal(t, projections.Idle, s.State, s.Projection)
		require.EqualValues(t, 3, s.SequenceID)
	}
	require.Equal(t, 2, pgtest.Value[int](t, w.pool, "select count(*) from agent_memories join search_documents on memory_id = id"))
}
