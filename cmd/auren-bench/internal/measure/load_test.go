package measure

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLoadCountsWhatIsDoneAfterTheWarmUp(t *testing.T) {
	t.Parallel()
	var done [3]atomic.Int64
	m, err := Load(len(done), 50*time.Millisecond, func(_ context.Context, client int) error {
		done[client].Add(1)
		return nil
	})(t.Context())
	require.NoError(t, err)
	all := 0
	for i := range done {
		require.GreaterOrEqual(t, done[i].Load(), int64(2), "each client")
		all += int(done[i].Load())
	}
	require.Less(t, m.Count, all)
	require.Len(t, m.Latencies, m.Count)
	require.GreaterOrEqual(t, m.Took, 50*time.Millisecond)
	require.False(t, m.fixed)
}

func TestOneThatFailsEndsTheLoad(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	_, err := Load(3, time.Hour, func(ctx context.Context, client int) error {
		if client == 0 {
			return broken
		}
		<-ctx.Done()
		return ctx.Err()
	})(t.Context())
	require.ErrorIs(t, err, broken)
}

func TestAtOnceDoesEachOnceAndAllAtTheSameTime(t *testing.T) {
	t.Parallel()
	const clients = 20
	var inside atomic.Int64
	all := make(chan struct{})
	m, err := AtOnce(t.Context(), clients, func(context.Context, int) error {
		if inside.Add(1) == clients {
			close(all)
		}
		<-all // nobody leaves before all are in
		return nil
	})
	require.NoError(t, err)
	require.EqualValues(t, clients, inside.Load())
	require.Equal(t, clients, m.Count)
	require.True(t, m.fixed)
}
