package writer_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore/writer"
)

func TestABatchIsDelayedForCallersThatWereJustAnswered(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	var batches []int // one transaction after the other
	var later atomic.Int64
	w := writer.NewTest(pool, writer.Config{Appended: func(s writer.Stats) { batches = append(batches, s.Appended) }},
		writer.Delays(time.Minute, func() time.Time { return time.Now().Add(time.Duration(later.Load())) }))
	command := func() error {
		_, err := w.Append(t.Context(), one())
		return err
	}
	require.NoError(t, command()) // a single caller waits for nobody
	require.NoError(t, command())

	unlock := lockLogs(t, pool)
	var one, other error
	var first, second sync.WaitGroup
	first.Go(func() { one = command() })
	waitForLocks(t, pool, 1)
	second.Go(func() { other = command() })
	require.Eventually(t, func() bool { return writer.Waiting(w) == 1 }, 10*time.Second, time.Millisecond)
	later.Store(int64(time.Hour)) // the transaction took an hour
	unlock()
	first.Wait()
	require.NoError(t, one)

	require.Eventually(t, func() bool { return writer.Delayed(w, tenant) }, 10*time.Second, time.Millisecond)
	require.Equal(t, 1, writer.Waiting(w))
	require.NoError(t, command())
	second.Wait()
	require.NoError(t, other)
	w.Close()
	require.Equal(t, []int{1, 1, 1, 2}, batches)
}
