package writer_test

import (
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

// counted adds up what a store tells.
type counted struct {
	mu      sync.Mutex
	batches int
	total   writer.Stats
}

func (c *counted) add(s writer.Stats) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.Waited != nil {
		c.batches++
	}
	c.total.Appended += s.Appended
	c.total.Events += s.Events
	c.total.Duplicates += s.Duplicates
	c.total.Conflicts += s.Conflicts
	c.total.Reused += s.Reused
	c.total.Unavailable += s.Unavailable
	c.total.Unknown += s.Unknown
	c.total.Refused += s.Refused
	c.total.Waited = append(c.total.Waited, s.Waited...)
	c.total.Took += s.Took
}

// take returns what was told since the last time, without the times.
func (c *counted) take() writer.Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	total := c.total
	total.Waited, total.Took = nil, 0
	c.batches, c.total = 0, writer.Stats{}
	return total
}

func TestAStoreTellsWhatBecameOfCommands(t *testing.T) {
	t.Parallel()
	pool, told := pgtest.New(t), &counted{}
	store := newStore(t, pool, writer.Config{Appended: told.add})
	stream := uuid.New()
	once := writes(stream, eventstore.None, `1`, `2`)
	once.ID = "once"

	store.add(t, once)
	require.Len(t, told.total.Waited, 1)
	require.Positive(t, told.total.Took)
	require.Equal(t, writer.Stats{Appended: 1, Events: 2}, told.take())

	store.add(t, once)
	require.Equal(t, writer.Stats{Duplicates: 1}, told.take())

	_, ok, err := store.Outcome(t.Context(), tenant, "once", once.Fingerprint)
	require.NoError(t, err)
	require.True(t, ok)
	require.Zero(t, told.batches, "there was no transaction")
	require.Equal(t, writer.Stats{Duplicates: 1}, told.take())

	other := once
	other.Fingerprint[0]++
	_, err = store.Append(t.Context(), other)
	require.ErrorIs(t, err, eventstore.ErrReused)
	require.Equal(t, writer.Stats{Reused: 1}, told.take())

	partly := writes(stream, 1, `3`)
	partly.Writes = append(partly.Writes, writes(uuid.New(), eventstore.None, `4`).Writes...)
	store.add(t, partly)
	require.Equal(t, writer.Stats{Conflicts: 1, Events: 1}, told.take())

	const clients = 50
	var appending errgroup.Group
	for range clients {
		appending.Go(func() error {
			_, err := store.Append(t.Context(), writes(uuid.New(), eventstore.None, `5`))
			return err
		})
	}
	require.NoError(t, appending.Wait())
	require.Len(t, told.total.Waited, clients)
	require.Equal(t, writer.Stats{Appended: clients, Events: clients}, told.take())
}

func TestAStoreTellsOfCommandsThatTheDatabaseLost(t *testing.T) {
	t.Parallel()
	cut, pool := newCutter(t, pgtest.DSN(t))
	told := &counted{}
	store := newStore(t, pool, writer.Config{Appended: told.add})
	store.add(t, writes(uuid.New(), eventstore.None, `1`))
	told.take()
	cut.before.Store(true)
	_, err := store.Append(t.Context(), writes(uuid.New(), eventstore.None, `2`))
	require.ErrorIs(t, err, eventstore.ErrUnavailable)
	require.Equal(t, writer.Stats{Unavailable: 1}, told.take())
}

func TestHeadsTellHowLongEachLogIs(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	other := writes(uuid.New(), eventstore.None, `1`)
	other.Tenant = "other"
	for _, c := range []eventstore.Command{writes(uuid.New(), eventstore.None, `1`, `2`), other} {
		store.add(t, c)
	}
	heads, err := store.Heads(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, heads[tenant])
	require.EqualValues(t, 1, heads["other"])
}
