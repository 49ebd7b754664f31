package commands

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestKeyedMutexLetsOneHolderInAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m keyedMutex[string]
		counts := map[string]int{}
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				unlock, err := m.lock(t.Context(), []string{"a", "b"}[i%2])
				if err != nil {
					t.Error(err)
					return
				}
				defer unlock()
				if i%2 == 0 { // guarded by the lock alone: the race detector checks it
					counts["a"]++
				}
			})
		}
		wg.Wait()
		require.Equal(t, 50, counts["a"])
		require.Empty(t, m.entries, "an entry lives as long as its key is locked or waited for")
	})
}

func TestKeyedMutexStopsWaitingWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m keyedMutex[string]
		unlock, err := m.lock(t.Context(), "a")
		require.NoError(t, err)
		other, err := m.lock(t.Context(), "b")
		require.NoError(t, err, "another key is free")
		other()
		ctx, cancel := context.WithCancel(t.Context())
		var waited error
		go func() { _, waited = m.lock(ctx, "a") }()
		synctest.Wait()
		cancel()
		synctest.Wait()
		require.ErrorIs(t, waited, context.Canceled)
		unlock()
		require.Empty(t, m.entries)
	})
}
