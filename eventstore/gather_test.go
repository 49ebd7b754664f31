package eventstore_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
)

func TestABatchWaitsForThoseWhoWereJustAnswered(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	var batches []int // one transaction after the other
	store := eventstore.New(pool, eventstore.Config{Appended: func(s eventstore.AppendStats) { batches = append(batches, s.Appended) }})
	defer store.Close()
	eventstore.GatherFor(store, time.Minute)
	command := func() error {
		_, err := store.Append(t.Context(), writes(uuid.New(), eventstore.None, `{}`))
		return err
	}
	require.NoError(t, command()) // who is alone waits for nobody
	require.NoError(t, command())

	unlock := lockLogs(t, pool)
	var one, other error
	var first, second sync.WaitGroup
	first.Go(func() { one = command() })
	waitForLocks(t, pool, 1)
	second.Go(func() { other = command() })
	require.Eventually(t, func() bool { return eventstore.Waiting(store) == 1 }, 10*time.Second, time.Millisecond)
	unlock()
	first.Wait()
	require.NoError(t, one)

	require.Never(t, func() bool { return eventstore.Waiting(store) == 0 }, 50*time.Millisecond, time.Millisecond)
	require.NoError(t, command())
	second.Wait()
	require.NoError(t, other)
	store.Close()
	require.Equal(t, []int{1, 1, 1, 2}, batches)
}

func TestWhoIsWaitedForInVainIsWaitedForSeldom(t *testing.T) {
	t.Parallel()
	require.Zero(t, eventstore.SkipsAfter(true))
	require.Equal(t, 2, eventstore.SkipsAfter(false))
	require.Equal(t, 8, eventstore.SkipsAfter(false, false, false))
	require.Equal(t, 4, eventstore.SkipsAfter(false, false, true, false), "one that came in time makes up for one that did not")
	require.Equal(t, 256, eventstore.SkipsAfter(slices.Repeat([]bool{false}, 100)...))
}
