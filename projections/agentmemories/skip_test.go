package agentmemories_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
)

// poison appends an event that only a newer version would know to the stream of a memory, or to a new one.
func (f fixture) poison(t *testing.T, stream uuid.UUID) {
	t.Helper()
	f.append(t, stream, eventstore.NewEvent{Type: "memory_dreamt", SchemaVersion: 1, Payload: canonjson.MustParse(`{"content":"sheep"}`)})
}

// adjusted appends an event after the poison, as a newer version would.
func (f fixture) adjusted(t *testing.T, stream uuid.UUID, to float64) {
	t.Helper()
	encoded := memory.Encode(memory.ConfidenceAdjusted{From: 0.5, To: to})
	f.append(t, stream, eventstore.NewEvent{Type: memory.TypeConfidenceAdjusted, SchemaVersion: encoded.SchemaVersion, Payload: encoded.Payload})
}

func TestASkippedEventChangesNothingButTheVersion(t *testing.T) {
	t.Parallel()
	f := setup(t)
	req := commands.Request{Tenant: domain.DefaultTenant}
	id := f.remember(t)
	f.poison(t, id)
	f.adjusted(t, id, 0.75)
	opened := uuid.New()
	f.poison(t, opened)
	f.adjusted(t, opened, 0.25)
	for _, sequenceID := range []int64{2, 4} {
		var stopped *projections.StoppedError
		require.ErrorAs(t, f.runner(0).CatchUp(t.Context()), &stopped)
		require.Equal(t, sequenceID, stopped.SequenceID)
		_, err := projections.Skip(t.Context(), f.pool, f.writer, domain.DefaultTenant, agentmemories.Name, sequenceID,
			domain.Meta{Actor: "ops"}, "of a newer program")
		require.NoError(t, err)
	}
	require.NoError(t, f.runner(0).CatchUp(t.Context()))

	all := f.versions(t.Context(), t, domain.DefaultTenant)
	require.Len(t, all, 5, "each version of each memory once, and no skip events")
	require.Equal(t, []int64{1, 2, 3, 4, 5}, []int64{all[0].SequenceID, all[1].SequenceID, all[2].SequenceID, all[3].SequenceID, all[4].SequenceID})
	skipped, after := all[1], all[2]
	require.Equal(t, version{
		ID: id, AgentID: "coach", UserID: "ana", Type: "observation", Content: `"runs"`, Metadata: `{}`, Confidence: 0.5, State: "active",
		CreatedAt: all[0].CreatedAt, UpdatedAt: skipped.UpdatedAt, Version: 2, SequenceID: 2, RecordedAt: skipped.RecordedAt,
		EventType: "projection_event_skipped", Actor: "ops", Reason: "of a newer program",
		SupersededSequenceID: &after.SequenceID, SupersededAt: &after.RecordedAt,
	}, skipped)
	require.Equal(t, `"runs"`, after.Content)
	require.InDelta(t, 0.75, after.Confidence, 0)
	require.Equal(t, 3, after.Version)
	// A memory whose first event is skipped has only what came later, so it is hidden.
	require.Equal(t, "forgotten", all[3].State)
	require.Equal(t, "coach", all[3].AgentID)
	require.Equal(t, "forgotten", all[4].State)
	require.InDelta(t, 0.25, all[4].Confidence, 0)

	for batch := range 4 {
		pgtest.Exec(t, f.pool, "delete from agent_memories; delete from agent_memory_history; truncate projection_checkpoints")
		require.NoError(t, f.runner(batch).CatchUp(t.Context()))
		require.Equal(t, all, f.versions(t.Context(), t, domain.DefaultTenant), "rebuilt rows are the same")
	}
	_, err := f.handler.Forget(t.Context(), req, projections.SkipStream(agentmemories.Name))
	require.Equal(t, domain.NotFound, domain.KindOf(err), "the skip stream is not a memory: %v", err)
}

// Large batches are written by COPY.
func TestLargeBatchesMatchTheFold(t *testing.T) {
	t.Parallel()
	f := setup(t)
	req := commands.Request{Tenant: domain.DefaultTenant}
	var ids []uuid.UUID
	tell := func() {
		var batch []commands.Remember
		for range 120 {
			batch = append(batch, commands.Remember{Draft: memory.Draft{AgentID: "coach", UserID: "ana", Content: canonjson.MustParse(`{"text":"says \"hi\" \\ äöü","n":1.50}`), Metadata: canonjson.MustParse(`{"a":[1,{}]}`)}})
		}
		told, err := f.handler.RememberBatch(t.Context(), req, batch)
		require.NoError(t, err)
		for _, r := range told {
			ids = append(ids, r.Receipt.ID)
		}
	}
	change := func(ctx context.Context) {
		to := 0.25 + rand.Float64()/2
		for _, id := range ids {
			_, err := f.handler.AdjustConfidence(ctx, req, id, to)
			require.NoError(t, err)
		}
	}
	tell()
	change(t.Context())
	require.NoError(t, f.runner(0).CatchUp(t.Context()))
	f.requireFold(t.Context(), t, domain.DefaultTenant)
	// Old and new ones in one batch.
	change(t.Context())
	tell()
	change(t.Context())
	require.NoError(t, f.runner(0).CatchUp(t.Context()))
	f.requireFold(t.Context(), t, domain.DefaultTenant)
}
