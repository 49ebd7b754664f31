package eventstore_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/auren-memory/auren/eventstore"
)

func TestReadLogFilters(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	for i := range 20 {
		c := writes(uuid.New(), eventstore.None, `{}`)
		w := &c.Writes[0]
		w.AgentID, w.UserID = []string{agent, "doctor"}[i%2], []string{"ana", "ben"}[i/10]
		w.Events[0].Type = []string{"memory_remembered", "memory_revised", "memory_forgotten"}[i%3]
		w.Events[0].Meta.CorrelationID = []string{"", "work"}[i/19]
		_, err := store.Append(t.Context(), c)
		require.NoError(t, err)
	}
	for name, c := range map[string]struct {
		after int64
		f     eventstore.Filter
		limit int
		want  []int64
		next  int64
	}{
		"all after":       {16, eventstore.Filter{}, 10, []int64{17, 18, 19, 20}, 20},
		"a full page":     {0, eventstore.Filter{}, 3, []int64{1, 2, 3}, 3},
		"agent and user":  {0, eventstore.Filter{AgentID: "doctor", UserID: "ben"}, 3, []int64{12, 14, 16}, 16},
		"event types":     {9, eventstore.Filter{EventTypes: []string{"memory_revised", "memory_forgotten"}}, 3, []int64{11, 12, 14}, 14},
		"correlation":     {0, eventstore.Filter{CorrelationID: "work"}, 3, []int64{20}, 20},
		"nothing matches": {0, eventstore.Filter{AgentID: "nobody"}, 3, nil, 20},
		"until":           {2, eventstore.Filter{Until: 4}, 10, []int64{3, 4}, 4},
		"beyond the head": {99, eventstore.Filter{}, 10, nil, 99},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := store.ReadLog(t.Context(), tenant, c.after, c.f, c.limit)
			require.NoError(t, err)
			require.Equal(t, c.want, sequenceIDs(page.Events))
			require.Equal(t, c.next, page.Next)
			require.Equal(t, int64(20), page.Head)
		})
	}
}

func sequenceIDs(events []eventstore.Event) (ids []int64) {
	for _, e := range events {
		ids = append(ids, e.SequenceID)
	}
	return ids
}

func TestReadStreams(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	a, b := uuid.New(), uuid.New()
	for _, id := range []uuid.UUID{a, b, a} {
		_, err := store.Append(t.Context(), writes(id, eventstore.Any, `{}`))
		require.NoError(t, err)
	}
	streams, err := store.ReadStreams(t.Context(), tenant, []uuid.UUID{a, b, uuid.New()})
	require.NoError(t, err)
	require.Len(t, streams, 2)
	require.Equal(t, []int64{1, 3}, sequenceIDs(streams[a]))
	require.Equal(t, []int64{2}, sequenceIDs(streams[b]))
}

func TestPagesAreBoundedInBytes(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	large := `"` + strings.Repeat("x", 1<<20) + `"`
	stream := uuid.New()
	for range 6 {
		_, err := store.Append(t.Context(), writes(stream, eventstore.Any, large))
		require.NoError(t, err)
	}
	page, err := store.ReadLog(t.Context(), tenant, 0, eventstore.Filter{}, 100)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 2, 3, 4}, sequenceIDs(page.Events))
	require.True(t, page.More)
	require.Equal(t, int64(4), page.Next)
	page, err = store.ReadLog(t.Context(), tenant, page.Next, eventstore.Filter{}, 100)
	require.NoError(t, err)
	require.Equal(t, []int64{5, 6}, sequenceIDs(page.Events))
	require.False(t, page.More)

	events, err := store.ReadStream(t.Context(), tenant, stream, 1, eventstore.Forwards, 100)
	require.NoError(t, err)
	require.Len(t, events, 4)
	require.True(t, eventstore.Full(events, 100))
	require.False(t, eventstore.Full(events[:3], 100))
}

func TestSequenceAt(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	at, err := store.SequenceAt(t.Context(), tenant, time.Now())
	require.NoError(t, err)
	require.Zero(t, at)
	for range 30 {
		_, err := store.Append(t.Context(), writes(uuid.New(), eventstore.None, `{}`))
		require.NoError(t, err)
	}
	for _, e := range requireChain(t, store) {
		at, err := store.SequenceAt(t.Context(), tenant, e.CreatedAt)
		require.NoError(t, err)
		require.GreaterOrEqual(t, at, e.SequenceID)
		before, err := store.SequenceAt(t.Context(), tenant, e.CreatedAt.Add(-time.Microsecond))
		require.NoError(t, err)
		require.Less(t, before, e.SequenceID)
	}
	at, err = store.SequenceAt(t.Context(), tenant, time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, int64(30), at)
}

// Readers that resume after the highest number they saw lose events wherever a lower number can become visible later.
// Here two processes append with random delays, aborted transactions hold the lock for a while, and a follower
// must see every sequence_id once and in order.
func TestAFollowerSeesEverythingOnceInOrder(t *testing.T) {
	t.Parallel()
	store, pool := setup(t)
	stores := []*eventstore.Store{store, eventstore.New(pool, eventstore.Config{})}
	t.Cleanup(stores[1].Close)
	watcher := eventstore.NewWatcher(pool, eventstore.LogChannel, zaptest.NewLogger(t))
	ctx, stop := context.WithCancel(t.Context())
	var background sync.WaitGroup
	background.Go(func() { _ = watcher.Run(ctx) })

	const writers = 16
	deadline := time.Now().Add(runFor())
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for time.Now().Before(deadline) {
				c := writes(uuid.New(), eventstore.None, `{}`, `{}`)
				if rand.N(10) == 0 {
					c.Writes[0].Expected = 5 // conflicts
				}
				if _, err := stores[rand.N(2)].Append(ctx, c); err != nil {
					t.Error(err)
				}
				if rand.N(4) == 0 {
					abort(ctx, t, store, rand.N(2*time.Millisecond))
				}
			}
		})
	}
	background.Go(func() {
		wg.Wait()
		// The last event of the log tells the follower that it may stop.
		last := writes(uuid.New(), eventstore.None, `{}`)
		last.Writes[0].AgentID = "last"
		if _, err := store.Append(ctx, last); err != nil {
			t.Error(err)
		}
	})

	var seen int64
	done := errors.New("done")
	err := store.Follow(ctx, watcher, tenant, 0, eventstore.Filter{}, eventstore.FollowLimits{Batch: 50, Poll: 20 * time.Millisecond}, func(p eventstore.Page) error {
		for _, e := range p.Events {
			seen++
			if e.SequenceID != seen {
				return fmt.Errorf("saw %d, expected %d", e.SequenceID, seen)
			}
			if e.AgentID == "last" {
				return done
			}
		}
		return nil
	})
	require.ErrorIs(t, err, done)
	require.Greater(t, seen, int64(100))
	stop()
	background.Wait()
	requireChain(t, store)
}

// abort holds the lock of the log for a while in a transaction that inserts and then rolls back.
func abort(ctx context.Context, t *testing.T, store *eventstore.Store, hold time.Duration) {
	t.Helper()
	err := pgx.BeginFunc(ctx, poolOf(t, store), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `select from logs where tenant_id = $1 for update`, tenant); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `select pg_sleep($1)`, hold.Seconds())
		return errors.Join(errAborted, err)
	})
	if !errors.Is(err, errAborted) {
		t.Error(err)
	}
}

var errAborted = errors.New("aborted on purpose")
