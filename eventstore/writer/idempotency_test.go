package writer_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
)

func TestRepeatedCommandHasItsFirstOutcome(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	print := eventstore.Hash{1}
	once := func(print eventstore.Hash) eventstore.Command {
		c := one()
		c.ID, c.Fingerprint = "once", print
		return c
	}
	outcomes, errs := atOnce(t, 50, func(int) logStore { return store }, func(int) eventstore.Command { return once(print) })
	require.NoError(t, errors.Join(errs...))
	firsts := 0
	for _, r := range outcomes {
		require.Equal(t, outcomes[0].Writes, r.Writes)
		if !r.Duplicate {
			firsts++
		}
	}
	require.Equal(t, 1, firsts)

	_, err := store.Append(t.Context(), once(eventstore.Hash{2}))
	require.ErrorIs(t, err, eventstore.ErrReused)

	recorded, ok, err := store.Outcome(t.Context(), tenant, "once", print)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, outcomes[0].Outcome, recorded)
	_, _, err = store.Outcome(t.Context(), tenant, "once", eventstore.Hash{2})
	require.ErrorIs(t, err, eventstore.ErrReused)
	_, ok, err = store.Outcome(t.Context(), tenant, "never", print)
	require.NoError(t, err)
	require.False(t, ok)

	require.Len(t, requireChain(t, store), 1)
}

// However a command was recorded, by a row or by its event, its id is known to one that is recorded in another way.
func TestAnIDIsKnownHoweverItsCommandWasRecorded(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	known := uuid.New()
	kinds := map[string]func() []eventstore.StreamAppend{
		"one event": func() []eventstore.StreamAppend { return one().Writes },
		"events":    func() []eventstore.StreamAppend { return writes(uuid.New(), eventstore.None, `1`, `2`).Writes },
		"streams": func() []eventstore.StreamAppend {
			return append(writes(uuid.New(), eventstore.None, `1`).Writes, writes(uuid.New(), eventstore.None, `2`).Writes...)
		},
		"in part": func() []eventstore.StreamAppend {
			return append(writes(known, eventstore.None, `1`).Writes, writes(uuid.New(), eventstore.None, `2`).Writes...)
		},
		"assertion": func() []eventstore.StreamAppend { return writes(known, eventstore.Any).Writes },
	}
	store.add(t, writes(known, eventstore.None, `{}`))
	head := func() int64 {
		h, err := store.Head(t.Context(), tenant)
		require.NoError(t, err)
		return h.SequenceID
	}
	for first, ofFirst := range kinds {
		for second, ofSecond := range kinds {
			id := first + ", then " + second
			r, err := store.Append(t.Context(), eventstore.Command{Tenant: tenant, ID: id, Writes: ofFirst()})
			require.NoError(t, err, id)
			require.False(t, r.Duplicate, id)
			before := head()
			again, err := store.Append(t.Context(), eventstore.Command{Tenant: tenant, ID: id, Writes: ofSecond()})
			require.NoError(t, err, id)
			require.True(t, again.Duplicate, id)
			for _, w := range r.Writes { // an error is recorded by its words
				if w.Conflict == nil {
					require.Contains(t, again.Writes, w, id)
				}
			}
			_, err = store.Append(t.Context(), eventstore.Command{Tenant: tenant, ID: id, Fingerprint: eventstore.Hash{1}, Writes: ofSecond()})
			require.ErrorIs(t, err, eventstore.ErrReused, id)
			require.Equal(t, before, head(), id)
		}
	}
	requireChain(t, store)
}

func TestACommandThatOnlyConflictedCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	stream := uuid.New()
	c := writes(stream, 1, `{}`)
	c.ID = "patient"
	r := store.add(t, c)
	require.NotNil(t, r.Writes[0].Conflict)
	store.add(t, writes(stream, eventstore.None, `{}`))
	r = store.add(t, c)
	require.False(t, r.Duplicate)
	require.Nil(t, r.Writes[0].Conflict)
}

// Ids that are ordered by time keep the ids of events so, and none of them can be taken by another event.
func TestACommandOfOneEventIsRecordedByIt(t *testing.T) {
	t.Parallel()
	store, pool := setup(t)
	v7 := uuid.Must(uuid.NewV7())
	for id, version := range map[string]uuid.Version{"a name": 5, v7.String(): 8, uuid.NewString(): 5, "urn:uuid:" + v7.String(): 5} {
		c := one()
		c.ID = id
		r := store.add(t, c)
		require.Equal(t, version, r.Writes[0].EventID.Version(), id)
		if version == 8 {
			require.Equal(t, v7[:6], r.Writes[0].EventID[:6])
		}
		again := store.add(t, c)
		require.True(t, again.Duplicate)
		require.Equal(t, r.Writes, again.Writes)

		taken := one()
		taken.Writes[0].Events[0].ID = r.Writes[0].EventID
		_, err := store.Append(t.Context(), taken)
		require.ErrorContains(t, err, "event_id: must not be a UUID of version 5 or 8")
	}
	require.Zero(t, pgtest.Value[int](t, pool, `select count(*) from commands`))
}

// Without the salt nothing confirms a fingerprint, so the id alone tells a repeated command.
func TestAnErasedCommandIsKnownByItsIDAlone(t *testing.T) {
	t.Parallel()
	store, pool := setup(t)
	for id, payloads := range map[string][]string{"by its event": {`1`}, "by a row": {`1`, `2`}} {
		c := writes(uuid.New(), eventstore.None, payloads...)
		c.ID, c.Fingerprint = id, eventstore.Hash{1}
		r := store.add(t, c)
		pgtest.Exec(t, pool, `delete from event_contents where sequence_id = $1`, r.Writes[0].SequenceID)
		for _, fingerprint := range []eventstore.Hash{{1}, {2}} {
			outcome, ok, err := store.Outcome(t.Context(), tenant, id, fingerprint)
			require.NoError(t, err)
			require.True(t, ok)
			require.Equal(t, r.Writes, outcome.Writes)
			c.Fingerprint = fingerprint
			again := store.add(t, c)
			require.True(t, again.Duplicate)
		}
	}
}
