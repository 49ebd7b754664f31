package rebuild_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rebuild"
)

func TestRebuildSkipsSkippedEvents(t *testing.T) {
	f := setup(t)
	require.NoError(t, f.write(t.Context(), tenant, 30))
	f.dream(t)
	require.NoError(t, f.write(t.Context(), tenant, 30))
	for _, p := range f.both() {
		var stopped *projections.StoppedError
		require.ErrorAs(t, f.runner(p).CatchUp(t.Context()), &stopped)
		require.ErrorAs(t, rebuild.Run(t.Context(), f.pool, []projections.Projection{p}, rebuild.Config{}), &stopped)
		_, err := projections.Skip(t.Context(), f.pool, f.writer, tenant, p.Name(), stopped.SequenceID, domain.Meta{Actor: "test"}, "a dream")
		require.NoError(t, err)
	}
	f.project(t)
	live := f.contents(t)
	f.rebuild(t)
	require.Equal(t, live, f.contents(t))
	require.True(t, f.verify(t).Equal)
}

// pickier is a next version that cannot apply an event that the version before could.
type pickier struct{ second }

const spurned = 5

func (p pickier) Prepare(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) (projections.Write, error) {
	for _, e := range events {
		if e.SequenceID == spurned && e.Type != projections.EventSkipped {
			return nil, &projections.PoisonError{SequenceID: spurned, Err: errors.New("spurned")}
		}
	}
	return p.second.Prepare(ctx, tenant, events)
}

func TestAnEventThatOnlyTheNextVersionCannotApplyCanBeSkipped(t *testing.T) {
	f := projected(t, 20)
	next := pickier{second{f.both()[0]}}
	skip := func(sequenceID int64) error {
		_, err := projections.Skip(t.Context(), f.pool, f.writer, tenant, next.Name(), sequenceID, domain.Meta{Actor: "test"}, "spurned")
		return err
	}
	require.Equal(t, domain.Conflict, domain.KindOf(skip(spurned)), "nothing is stopped")
	var stopped *projections.StoppedError
	require.ErrorAs(t, rebuild.Run(t.Context(), f.pool, []projections.Projection{next}, rebuild.Config{}), &stopped)
	require.EqualValues(t, spurned, stopped.SequenceID)
	require.Equal(t, domain.Conflict, domain.KindOf(skip(spurned+1)), "another event")
	require.NoError(t, skip(spurned))
	f.rebuild(t, next)
	require.Equal(t, []int{next.Version()}, f.versions(t))
}
