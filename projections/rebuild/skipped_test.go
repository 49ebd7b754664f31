package rebuild_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rebuild"
)

func TestRebuildPassesOverWhatWasSkipped(t *testing.T) {
	t.Parallel()
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 30))
	_, err := f.store.Append(t.Context(), eventstore.Command{Tenant: tenant, Writes: []eventstore.Write{{
		StreamID: uuid.New(), AgentID: "a", UserID: "u",
		Events: []eventstore.NewEvent{{ID: uuid.New(), Type: "memory_dreamt", SchemaVersion: 1, Payload: json.RawMessage(`{}`), OccurredAt: time.Now()}},
	}}})
	require.NoError(t, err)
	require.NoError(t, f.write(t.Context(), tenant, 30))
	for _, p := range f.both() {
		var stopped *projections.StoppedError
		require.ErrorAs(t, f.runner(p).CatchUp(t.Context()), &stopped)
		require.ErrorAs(t, rebuild.Run(t.Context(), f.pool, []projections.Projection{p}, rebuild.Config{}), &stopped)
		_, err := projections.Skip(t.Context(), f.pool, f.store, tenant, p.Name(), stopped.SequenceID, domain.Meta{Actor: "test", Reason: "a dream"})
		require.NoError(t, err)
	}
	f.project(t)
	live := f.contents(t)
	require.NoError(t, rebuild.Run(t.Context(), f.pool, f.both(), rebuild.Config{}))
	require.Equal(t, live, f.contents(t))
	require.True(t, f.verify(t).Equal)
}
