package eventstore_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/migrations"
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

// A row of the former version, which names the event that tells the outcome.
func TestACommandOfTheFormerVersionIsKnown(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	store := eventstore.New(pool, eventstore.Config{})
	defer store.Close()
	first, err := store.Append(t.Context(), writes(uuid.New(), eventstore.None, `{}`))
	require.NoError(t, err)
	former := `insert into commands (tenant_id, command_id, fingerprint, sequence_id, created_at) values ($1, 'former', $2, 1, now())`
	print := eventstore.Hash{7}
	_, err = pool.Exec(t.Context(), former, tenant, print[:])
	require.ErrorContains(t, err, "commands_complete_check", "a server of the former version must not record")
	_, err = pool.Exec(t.Context(), `alter table commands drop constraint commands_complete_check`)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), former, tenant, print[:])
	require.NoError(t, err)

	_, err = pool.Exec(t.Context(), `update logs set fence = 1`) // as the migration does
	require.NoError(t, err)

	again := writes(uuid.New(), eventstore.None, `{}`)
	again.ID, again.Fingerprint = "former", print
	requireKnown(t, store, again, first)
	require.Len(t, requireChain(t, store), 1)
}

// requireKnown requires that a command has the outcome of first, and that its id is refused with another body.
func requireKnown(t *testing.T, store *eventstore.Store, c eventstore.Command, first eventstore.Result) {
	t.Helper()
	r, err := store.Append(t.Context(), c)
	require.NoError(t, err)
	require.True(t, r.Duplicate)
	require.Equal(t, first.Writes, r.Writes)
	c.Fingerprint[0]++
	_, err = store.Append(t.Context(), c)
	require.ErrorIs(t, err, eventstore.ErrReused)
}

// startedOn returns a store of its own on a database.
func startedOn(t *testing.T, dsn string) (*eventstore.Store, *pgxpool.Pool) {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	store := eventstore.New(pool, eventstore.Config{})
	t.Cleanup(store.Close)
	return store, pool
}

// In the first version of the schema an outcome was a list.
func TestAnOutcomeOfTheFirstVersionIsKnown(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	before, pool := startedOn(t, dsn)
	first, err := before.Append(t.Context(), writes(uuid.New(), eventstore.None, `{}`))
	require.NoError(t, err)
	list, err := json.Marshal(first.Writes)
	require.NoError(t, err)
	complete := `constraint commands_complete_check`
	exec := func(sql string, arguments ...any) {
		t.Helper()
		_, err := pool.Exec(t.Context(), sql, arguments...)
		require.NoError(t, err)
	}
	print := eventstore.Hash{7}
	exec(`alter table commands drop ` + complete)
	for id, outcome := range map[string][]byte{"first": list, "nothing": []byte(`[]`)} {
		exec(`insert into commands (tenant_id, command_id, fingerprint, outcome, created_at) values ($1, $2, $3, $4, now())`, tenant, id, print[:], outcome)
	}
	exec(`alter table commands add ` + complete + ` check (outcome is not null and sequence_id is not null) not valid`)
	exec(`update logs set fence = 1`)
	exec(`delete from schema_migrations where version_id >= 7`)

	require.NoError(t, migrations.Up(t.Context(), dsn))

	after, _ := startedOn(t, dsn)
	again := writes(uuid.New(), eventstore.None, `{}`)
	again.ID, again.Fingerprint = "first", print
	requireKnown(t, after, again, first)
	again.ID = "nothing"
	r, err := after.Append(t.Context(), again)
	require.NoError(t, err)
	require.True(t, r.Duplicate)
	require.Empty(t, r.Writes)
}

// keepWhole gives the only event of a log the whole fingerprint of its command, as older programs did.
func keepWhole(t *testing.T, store *eventstore.Store, fingerprint eventstore.Hash) {
	t.Helper()
	page, err := store.ReadLog(t.Context(), tenant, 0, eventstore.Filter{}, 2)
	require.NoError(t, err)
	require.Len(t, page.Events, 1)
	e := page.Events[0]
	meta, err := e.Meta()
	require.NoError(t, err)
	require.Equal(t, fingerprint.String()[:32], meta.CommandFingerprint)
	meta.CommandFingerprint = fingerprint.String()
	e.Metadata = meta.CanonicalJSON()
	hash, err := eventstore.ChainHash(eventstore.Hash{}, &e)
	require.NoError(t, err)
	_, err = poolOf(t, store).Exec(t.Context(), "grant update on events to current_user; "+fmt.Sprintf(`
		alter table events disable trigger events_immutable;
		update events set metadata = '%s', hash = '\x%s';
		update logs set hash = '\x%[2]s';
		alter table events enable always trigger events_immutable`, e.Metadata, hash))
	require.NoError(t, err)
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

func TestACommandWhoseEventKeepsItsWholeFingerprintIsKnown(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	before, _ := startedOn(t, dsn)
	c := writes(uuid.New(), eventstore.None, `{}`)
	c.ID, c.Fingerprint = "whole", eventstore.Hash{7, 31: 7}
	first, err := before.Append(t.Context(), c)
	require.NoError(t, err)
	keepWhole(t, before, c.Fingerprint)

	after, _ := startedOn(t, dsn)
	requireKnown(t, after, c, first)
	requireChain(t, after)
	c.Fingerprint[31]++
	_, err = after.Append(t.Context(), c)
	require.ErrorIs(t, err, eventstore.ErrReused)
	_, _, err = after.Outcome(t.Context(), tenant, c.ID, c.Fingerprint)
	require.ErrorIs(t, err, eventstore.ErrReused)
}

// Until schema version 6 the mark of a command whose id is a UUID of version 7 was another one.
func TestACommandRecordedUnderItsFormerMarkIsKnown(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	before, pool := startedOn(t, dsn)
	id := strings.ToUpper(uuid.Must(uuid.NewV7()).String())
	c := writes(uuid.New(), eventstore.None, `{}`)
	c.ID, c.Fingerprint = "gives another mark", eventstore.Hash{7}
	c.Writes[0].Events[0].Meta.CommandID = id
	first, err := before.Append(t.Context(), c)
	require.NoError(t, err)
	keepWhole(t, before, c.Fingerprint)
	for _, undo := range []string{`alter table logs rename column fence to epoch`, `delete from schema_migrations where version_id >= 6`} {
		_, err = pool.Exec(t.Context(), undo)
		require.NoError(t, err)
	}

	require.NoError(t, migrations.Up(t.Context(), dsn))

	after, _ := startedOn(t, dsn)
	for range 3 { // from the second on, it is foreseen
		_, err = after.Append(t.Context(), writes(uuid.New(), eventstore.None, `{}`))
		require.NoError(t, err)
	}
	c.ID, c.Writes[0].StreamID = id, uuid.New() // or else the stream would keep it out
	requireKnown(t, after, c, first)
	require.Len(t, requireChain(t, after), 4)
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
