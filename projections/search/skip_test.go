package search_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/runner"
	"github.com/auren-memory/auren/projections/search"
)

func TestASkippedEventDoesNotChangeTheRow(t *testing.T) {
	t.Parallel()
	f := setup(t)
	told, opened := f.remember(t, "ana", `"runs at dawn"`), uuid.New()
	for _, id := range []uuid.UUID{told, opened} {
		for _, e := range []eventstore.NewEvent{
			{Type: "memory_dreamt", SchemaVersion: 1, Payload: canonjson.MustParse(`{}`)},
			{Type: memory.TypeConfidenceAdjusted, SchemaVersion: 1, Payload: canonjson.MustParse(`{"from":0.5,"to":0.75}`)},
		} {
			e.ID, e.OccurredAt = uuid.New(), time.Now()
			_, err := f.writer.Append(t.Context(), eventstore.Command{Tenant: req.Tenant, Writes: []eventstore.StreamAppend{
				{StreamID: id, Expected: eventstore.Any, AgentID: "coach", UserID: "ana", Events: []eventstore.NewEvent{e}},
			}})
			require.NoError(t, err)
		}
	}
	watcher := eventstore.NewWatcher(f.pool, eventstore.LogChannel, zap.NewNop())
	for _, sequenceID := range []int64{2, 4} {
		r := runner.New(f.pool, f.log, watcher, runner.Config{}, search.New())
		var stopped *projections.StoppedError
		require.ErrorAs(t, r.CatchUp(t.Context()), &stopped)
		require.Equal(t, sequenceID, stopped.SequenceID)
		_, err := projections.Skip(t.Context(), f.pool, f.writer, req.Tenant, search.Name, sequenceID, domain.Meta{}, "test")
		require.NoError(t, err)
	}
	for _, batch := range []int{1, 2, 1000} {
		_, err := f.pool.Exec(t.Context(), "delete from agent_memory_search; delete from agent_memory_search_scopes; truncate projection_checkpoints")
		require.NoError(t, err)
		f.project(t, batch)
		require.Equal(t, []uuid.UUID{told}, f.found(t, "dawn"))
		for id, active := range map[uuid.UUID]bool{told: true, opened: false} {
			var isActive bool
			var confidence float64
			require.NoError(t, f.pool.QueryRow(t.Context(),
				"select is_active, confidence_score from agent_memory_search where id = $1", id).Scan(&isActive, &confidence))
			require.Equal(t, active, isActive)
			require.InDelta(t, 0.75, confidence, 0)
		}
	}
}
