package writer_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

// takeStats returns what a store has told since the last time: of one transaction, without its times, or of a repeated command.
func takeStats(t *testing.T, told *[]writer.Stats, transaction bool) writer.Stats {
	t.Helper()
	require.Len(t, *told, 1)
	stats := (*told)[0]
	require.Equal(t, transaction, len(stats.Waited) == 1)
	require.Equal(t, transaction, stats.Took > 0)
	stats.Waited, stats.Took, *told = nil, 0, nil
	return stats
}

func TestAStoreTellsWhatBecameOfCommands(t *testing.T) {
	t.Parallel()
	var told []writer.Stats // one transaction after the other
	cut, pool := newCutter(t, pgtest.DSN(t))
	store := newStore(t, pool, writer.Config{Appended: func(s writer.Stats) { told = append(told, s) }})
	stream := uuid.New()
	once := writes(stream, eventstore.None, `1`, `2`)
	once.ID = "once"
	store.add(t, once)
	require.Equal(t, writer.Stats{Appended: 1, Events: 2}, takeStats(t, &told, true))

	store.add(t, once)
	require.Equal(t, writer.Stats{Duplicates: 1}, takeStats(t, &told, true))

	_, ok, err := store.Outcome(t.Context(), tenant, "once", once.Fingerprint)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, writer.Stats{Duplicates: 1}, takeStats(t, &told, false))

	other := once
	other.Fingerprint[0]++
	_, err = store.Append(t.Context(), other)
	require.ErrorIs(t, err, eventstore.ErrReused)
	require.Equal(t, writer.Stats{Reused: 1}, takeStats(t, &told, true))

	partly := writes(stream, 1, `3`)
	partly.Writes = append(partly.Writes, one().Writes...)
	store.add(t, partly)
	require.Equal(t, writer.Stats{Conflicts: 1, Events: 1}, takeStats(t, &told, true))

	cut.before.Store(true)
	_, err = store.Append(t.Context(), one())
	require.ErrorIs(t, err, eventstore.ErrUnavailable)
	require.Equal(t, writer.Stats{Unavailable: 1}, takeStats(t, &told, true))

	const clients = 50
	_, errs := atOnce(t, clients, func(int) logStore { return store }, func(int) eventstore.Command { return one() })
	require.NoError(t, errors.Join(errs...))
	appended, events, waited := 0, 0, 0
	for _, s := range told {
		appended, events, waited = appended+s.Appended, events+s.Events, waited+len(s.Waited)
	}
	require.Equal(t, []int{clients, clients, clients}, []int{appended, events, waited})
}
