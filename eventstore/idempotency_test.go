package eventstore_test

import (
	"slices"
	"strings"
	"sync"
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
	outcomes := make([]eventstore.Result, 50)
	var wg sync.WaitGroup
	for i := range outcomes {
		wg.Go(func() {
			c := writes(uuid.New(), eventstore.None, `{}`)
			c.ID, c.Fingerprint = "once", print
			r, err := store.Append(t.Context(), c)
			if err == nil {
				outcomes[i] = r
			}
		})
	}
	wg.Wait()
	firsts := 0
	for _, r := range outcomes {
		require.Equal(t, outcomes[0].Writes, r.Writes)
		if !r.Duplicate {
			firsts++
		}
	}
	require.Equal(t, 1, firsts)

	c := writes(uuid.New(), eventstore.None, `{}`)
	c.ID, c.Fingerprint = "once", eventstore.Hash{2}
	_, err := store.Append(t.Context(), c)
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

	head, err := store.Head(t.Context(), tenant)
	require.NoError(t, err)
	require.Equal(t, int64(1), head.SequenceID)
}

// However a command was recorded, by a row or by its event, its id is known to one that is recorded in another way.
func TestAnIDIsKnownHoweverItsCommandWasRecorded(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	store := eventstore.New(pool, eventstore.Config{})
	defer store.Close()
	known := uuid.New()
	kinds := map[string]func() []eventstore.Write{
		"one event": func() []eventstore.Write { return writes(uuid.New(), eventstore.None, `{}`).Writes },
		"events":    func() []eventstore.Write { return writes(uuid.New(), eventstore.None, `1`, `2`).Writes },
		"streams": func() []eventstore.Write {
			return append(writes(uuid.New(), eventstore.None, `1`).Writes, writes(uuid.New(), eventstore.None, `2`).Writes...)
		},
		"in part": func() []eventstore.Write {
			return append(writes(known, eventstore.None, `1`).Writes, writes(uuid.New(), eventstore.None, `2`).Writes...)
		},
		"assertion": func() []eventstore.Write { return writes(known, eventstore.Any).Writes },
	}
	_, err := store.Append(t.Context(), writes(known, eventstore.None, `{}`))
	require.NoError(t, err)
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

func TestWhatIsKeptOfAFingerprintTellsIt(t *testing.T) {
	t.Parallel()
	var fingerprint eventstore.Hash
	for i := range fingerprint {
		fingerprint[i] = byte(i + 1)
	}
	for n := range len(fingerprint) + 1 {
		require.Equal(t, n >= eventstore.KeptOfFingerprint, eventstore.BeginsWith(fingerprint, fingerprint[:n]), n)
		if n > 0 {
			other := slices.Clone(fingerprint[:n])
			other[n-1]++
			require.False(t, eventstore.BeginsWith(fingerprint, other), n)
		}
	}
	require.False(t, eventstore.BeginsWith(fingerprint, append(fingerprint[:], 0)))
}

// Marks are kept as long as the log.
func TestMarksStayAsTheyWere(t *testing.T) {
	t.Parallel()
	space := uuid.MustParse("6f0a2b63-3f0c-4d0e-9a57-1c1f3d0c7a11")
	for _, id := range []string{"k", "an id", uuid.NewString(), strings.Repeat("long", 63)} {
		require.Equal(t, uuid.NewSHA1(space, []byte("t/"+id)), eventstore.MarkOf("t", id))
	}
}

func TestMarksOfIDsThatComeOneAfterTheOtherAreNeighbours(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	var last uuid.UUID
	for range 3 {
		id := uuid.Must(uuid.NewV7())
		c := writes(uuid.New(), eventstore.None, `{}`)
		c.ID = id.String()
		r, err := store.Append(t.Context(), c)
		require.NoError(t, err)
		mark := r.Writes[0].EventID
		require.Equal(t, id[:6], mark[:6], "the time")
		require.Equal(t, uuid.Version(8), mark.Version())
		require.Equal(t, uuid.RFC4122, mark.Variant())
		require.NotEqual(t, last[6:], mark[6:])
		again, err := store.Append(t.Context(), c)
		require.NoError(t, err)
		require.True(t, again.Duplicate)
		last = mark
	}
	for commandID, version := range map[string]uuid.Version{
		uuid.NewString(): 5,
		"{" + uuid.Must(uuid.NewV7()).String() + "}":      5,
		strings.ToUpper(uuid.Must(uuid.NewV7()).String()): 8,
		"any text": 5,
	} {
		c := writes(uuid.New(), eventstore.None, `{}`)
		c.ID = commandID
		r, err := store.Append(t.Context(), c)
		require.NoError(t, err)
		require.Equal(t, version, r.Writes[0].EventID.Version(), commandID)
	}
}

func TestACommandThatOnlyConflictedCanBeTriedAgain(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	stream := uuid.New()
	c := writes(stream, 1, `{}`)
	c.ID = "patient"
	r, err := store.Append(t.Context(), c)
	require.NoError(t, err)
	require.NotNil(t, r.Writes[0].Conflict)
	_, err = store.Append(t.Context(), writes(stream, eventstore.None, `{}`))
	require.NoError(t, err)
	r, err = store.Append(t.Context(), c)
	require.NoError(t, err)
	require.False(t, r.Duplicate)
	require.Nil(t, r.Writes[0].Conflict)
}

func TestAnAssertionWritesNoEventAndIsRecorded(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	stream := uuid.New()
	first, err := store.Append(t.Context(), writes(stream, eventstore.None, `{}`))
	require.NoError(t, err)
	c := writes(stream, 1)
	c.ID = "noop"
	r, err := store.Append(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, first.Writes, r.Writes)
	_, err = store.Append(t.Context(), writes(stream, 1, `{}`))
	require.NoError(t, err)
	r, err = store.Append(t.Context(), c)
	require.NoError(t, err)
	require.True(t, r.Duplicate)
	require.Equal(t, first.Writes, r.Writes)
}
