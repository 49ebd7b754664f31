package writer_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

// Readers that resume after the highest number they saw lose events wherever a lower number can become visible later.
// Here two processes append with random delays, aborted transactions hold the lock for a while, and a follower
// must see every sequence_id once and in order.
func TestAFollowerSeesEverythingOnceInOrder(t *testing.T) {
	t.Parallel()
	store, pool := setup(t)
	stores := []logStore{store, newStore(t, pool, writer.Config{})}
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
					abort(ctx, t, pool, rand.N(2*time.Millisecond))
				}
			}
		})
	}
	background.Go(func() {
		wg.Wait()
		// The last event of the log tells the follower that it may stop.
		last := one()
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
func abort(ctx context.Context, t *testing.T, pool *pgxpool.Pool, hold time.Duration) {
	t.Helper()
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
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
