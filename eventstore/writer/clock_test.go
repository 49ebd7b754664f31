package writer_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

// The database's clock was an hour ahead when the last event was appended, and has been set right since.
func TestClockOfTheDatabaseSetBack(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	before, after := newStore(t, pool, writer.Config{}), newStore(t, pool, writer.Config{})
	before.add(t, one())
	ahead := pgtest.Value[time.Time](t, pool, "update logs set created_at = clock_timestamp() + interval '1 hour' returning created_at")
	for _, store := range []logStore{after, after, before, before} {
		store.add(t, one())
	}
	page, err := before.ReadLog(t.Context(), tenant, 1, eventstore.Filter{}, 10)
	require.NoError(t, err)
	require.Len(t, page.Events, 4)
	for _, e := range page.Events {
		require.Equal(t, ahead.UTC(), e.CreatedAt, "created_at stands still until the clock has come so far")
	}
}

// What a writer remembers of the database's clock may be off, which only the database can tell.
func TestCreatedAtIsNeitherOldNorAheadOfTheDatabase(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]time.Duration{"slow": -time.Minute, "fast": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			store := newStore(t, pool, writer.Config{})
			for range 2 {
				store.add(t, one())
			}
			head, err := store.Head(t.Context(), tenant)
			require.NoError(t, err)
			var before, after time.Time
			require.Eventually(t, func() bool {
				err := pool.QueryRow(t.Context(), `select clock_timestamp()`).Scan(&before)
				return err == nil && before.After(head.CreatedAt.Add(200*time.Millisecond))
			}, 10*time.Second, 10*time.Millisecond)
			writer.ShiftClock(store.Writer, tenant, off)
			store.add(t, one())
			require.NoError(t, pool.QueryRow(t.Context(), `select clock_timestamp()`).Scan(&after))
			created := requireChain(t, store)[2].CreatedAt
			require.False(t, created.After(after))
			require.False(t, created.Before(before.Add(-100*time.Millisecond)))
		})
	}
}
