package eventstore_test

import (
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
	// The next batch may wait half as long as this one is kept.
	require.Never(t, func() bool { return eventstore.Waiting(store) != 1 }, 2*time.Second, 10*time.Millisecond)
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

func TestABatchBeginsWhenThoseWhoAreExpectedAreThere(t *testing.T) {
	t.Parallel()
	e := eventstore.NewExpecting(time.Minute)
	require.Equal(t, 198, e.Answer(200, time.Hour), "but for stragglers")
	e.Join(1)
	taken := make(chan int, 1)
	go func() {
		_, n := e.Take()
		taken <- n
	}()
	e.Join(196)
	require.Never(t, func() bool { return len(taken) > 0 }, 20*time.Millisecond, time.Millisecond)
	e.Join(1)
	require.Equal(t, 198, <-taken)

	require.Zero(t, e.Answer(1, time.Hour), "who is alone")
	require.Zero(t, e.Answer(300, time.Hour), "a batch that is large anyway")
	e.Join(200)
	require.Zero(t, e.Answer(100, time.Hour), "and one that will be")
}

func TestABatchWaitsForABoundedTime(t *testing.T) {
	t.Parallel()
	e := eventstore.NewExpecting(20 * time.Millisecond)
	require.Equal(t, 2, e.Answer(2, time.Hour))
	waited, n := e.Take()
	require.Zero(t, n)
	require.GreaterOrEqual(t, waited, 15*time.Millisecond)

	e = eventstore.NewExpecting(time.Hour)
	require.Equal(t, 2, e.Answer(2, 20*time.Millisecond))
	_, n = e.Take()
	require.Zero(t, n, "half of what a transaction takes")
}

func TestWhoIsWaitedForInVainIsWaitedForSeldom(t *testing.T) {
	t.Parallel()
	e := eventstore.NewExpecting(time.Millisecond)
	var skipped []int
	for range 5 {
		batches := 0
		for e.Answer(2, time.Hour) == 0 {
			batches++
		}
		skipped = append(skipped, batches)
		e.Take()
	}
	require.Equal(t, []int{0, 4, 16, 64, 256}, skipped)
}
