package eventstore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/migrations"
)

func TestAppendAndReadBack(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	stream := uuid.New()
	c := writes(stream, eventstore.None, `{"b":1.50,"a":"\ud83d\ude00"}`, `[]`)
	c.Writes[0].Events[0].Meta = domain.Meta{Actor: "ana", Reason: "because <&>", CommandID: "c-1", CorrelationID: "k"}
	result, err := store.Append(t.Context(), c)
	require.NoError(t, err)
	last := c.Writes[0].Events[1].ID
	require.Equal(t, []eventstore.WriteResult{{StreamID: stream, Version: 2, SequenceID: 2, EventID: last}}, result.Writes)

	events, err := store.ReadStream(t.Context(), tenant, stream, 1, eventstore.Forwards, 10)
	require.NoError(t, err)
	require.Len(t, events, 2)
	first := events[0]
	require.JSONEq(t, `{"a":"😀","b":1.5}`, string(first.Payload))
	require.Equal(t, agent, first.AgentID)
	require.Equal(t, "ana", first.UserID)
	require.Equal(t, time.Date(2026, 3, 1, 8, 0, 0, 123456000, time.UTC), first.OccurredAt)
	require.WithinDuration(t, time.Now(), first.CreatedAt, time.Minute)
	meta, err := first.Meta()
	require.NoError(t, err)
	require.Equal(t, c.Writes[0].Events[0].Meta, meta)

	backwards, err := store.ReadStream(t.Context(), tenant, stream, 2, eventstore.Backwards, 1)
	require.NoError(t, err)
	require.Equal(t, events[1:], backwards)
	requireChain(t, store)
}

func TestExpectedVersions(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	stream := uuid.New()
	for _, c := range []struct {
		expected int
		actual   int // -1: appended
	}{
		{1, 0}, {eventstore.None, -1}, {eventstore.None, 1}, {1, -1}, {1, 2}, {eventstore.Any, -1}, {3, -1}, {5, 4},
	} {
		result, err := store.Append(t.Context(), writes(stream, c.expected, `{}`))
		require.NoError(t, err)
		if c.actual < 0 {
			require.Nil(t, result.Writes[0].Conflict)
			continue
		}
		require.Equal(t, &domain.VersionConflictError{Stream: stream.String(), Expected: c.expected, Actual: c.actual}, result.Writes[0].Conflict)
	}
	head, err := store.Head(t.Context(), tenant)
	require.NoError(t, err)
	require.Equal(t, int64(4), head.SequenceID, "a conflict uses up no sequence_id")
	requireChain(t, store)
}

func TestWritesOfACommandSucceedOrConflictAlone(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	a, b := uuid.New(), uuid.New()
	c := eventstore.Command{Tenant: tenant, Writes: []eventstore.Write{
		writes(a, eventstore.None, `1`).Writes[0],
		writes(a, eventstore.None, `2`).Writes[0],
		writes(b, 7, `3`).Writes[0],
		writes(b, eventstore.None, `4`).Writes[0],
		writes(a, 1, `5`).Writes[0],
	}}
	result, err := store.Append(t.Context(), c)
	require.NoError(t, err)
	var outcome []string
	for _, w := range result.Writes {
		outcome = append(outcome, fmt.Sprintf("version %d sequence_id %d conflict %v", w.Version, w.SequenceID, w.Conflict != nil))
	}
	require.Equal(t, []string{
		"version 1 sequence_id 1 conflict false",
		"version 1 sequence_id 1 conflict true",
		"version 0 sequence_id 0 conflict true",
		"version 1 sequence_id 2 conflict false",
		"version 2 sequence_id 3 conflict false",
	}, outcome)
	requireChain(t, store)
}

func TestOneVersionHasOneWinner(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	other := eventstore.New(poolOf(t, store), eventstore.Config{})
	t.Cleanup(other.Close)
	stream := uuid.New()
	_, err := store.Append(t.Context(), writes(stream, eventstore.None, `{}`))
	require.NoError(t, err)

	results := make([]eventstore.Result, 100)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() {
			s := []*eventstore.Store{store, other}[i%2]
			r, err := s.Append(t.Context(), writes(stream, 1, `{}`))
			if err == nil {
				results[i] = r
			}
		})
	}
	wg.Wait()
	won := 0
	for _, r := range results {
		require.Len(t, r.Writes, 1)
		if c := r.Writes[0].Conflict; c == nil {
			won++
		} else {
			require.Equal(t, 2, c.Actual)
		}
	}
	require.Equal(t, 1, won)
	requireChain(t, store)
}

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

// One bad command in a batch, here one that reuses an event id, which only the database finds out.
func TestOneCommandsFailureIsItsOwn(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	taken := writes(uuid.New(), eventstore.None, `{}`)
	_, err := store.Append(t.Context(), taken)
	require.NoError(t, err)

	var wg sync.WaitGroup
	errs := make([]error, 60)
	for i := range errs {
		wg.Go(func() {
			c := writes(uuid.New(), eventstore.None, `{}`)
			if i%10 == 0 {
				c.Writes[0].Events[0].ID = taken.Writes[0].Events[0].ID
			}
			_, errs[i] = store.Append(t.Context(), c)
		})
	}
	wg.Wait()
	for i, err := range errs {
		if i%10 == 0 {
			require.ErrorContains(t, err, "events_event_id_key")
		} else {
			require.NoError(t, err)
		}
	}
	head, err := store.Head(t.Context(), tenant)
	require.NoError(t, err)
	require.Equal(t, int64(55), head.SequenceID)
	requireChain(t, store)
}

func TestAppendRefusesWhatCannotBeStored(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	_, err := store.Append(t.Context(), writes(uuid.New(), eventstore.None, `{"a":"\u0000"}`))
	require.EqualError(t, err, "payload.a: holds a NUL character, which cannot be stored")
	require.Equal(t, domain.Invalid, domain.KindOf(err))
}

func TestTenantsHaveTheirOwnLogs(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	stream := uuid.New()
	for _, of := range []domain.Tenant{"b", "a", "b"} {
		c := writes(stream, eventstore.Any, `{}`)
		c.Tenant, c.ID = of, "the-same-id-"+string(of)+fmt.Sprint(rand.Int())
		_, err := store.Append(t.Context(), c)
		require.NoError(t, err)
	}
	tenants, err := store.Tenants(t.Context())
	require.NoError(t, err)
	require.Equal(t, []domain.Tenant{"a", "b"}, tenants)
	for of, n := range map[domain.Tenant]int{"a": 1, "b": 2, "c": 0} {
		page, err := store.ReadLog(t.Context(), of, 0, eventstore.Filter{}, 10)
		require.NoError(t, err)
		require.Len(t, page.Events, n)
		require.Equal(t, int64(n), page.Head)
	}
}

func TestACallerThatGoesAwayWhileWaitingWritesNothing(t *testing.T) {
	t.Parallel()
	store, pool := setup(t)
	_, err := store.Append(t.Context(), writes(uuid.New(), eventstore.None, `{}`))
	require.NoError(t, err)

	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `select from logs for update`)
	require.NoError(t, err)
	under := make(chan error, 1)
	go func() {
		_, err := store.Append(context.WithoutCancel(t.Context()), writes(uuid.New(), eventstore.None, `"under way"`))
		under <- err
	}()
	require.Eventually(t, func() bool {
		var waiting bool
		err := pool.QueryRow(t.Context(), `select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')`).Scan(&waiting)
		return err == nil && waiting
	}, 10*time.Second, time.Millisecond)

	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() {
		_, err := store.Append(ctx, writes(uuid.New(), eventstore.None, `"gone"`))
		waiting <- err
	}()
	cancel()
	require.ErrorIs(t, <-waiting, context.Canceled)
	require.NoError(t, tx.Rollback(t.Context()))
	require.NoError(t, <-under)
	page, err := store.ReadLog(t.Context(), tenant, 0, eventstore.Filter{}, 10)
	require.NoError(t, err)
	require.Len(t, page.Events, 2)
	require.JSONEq(t, `"under way"`, string(page.Events[1].Payload))
}

func TestALargeBatchIsSplitByItsBytes(t *testing.T) {
	t.Parallel()
	_, pool := setup(t)
	store := eventstore.New(pool, eventstore.Config{MaxBatch: 7, MaxBatchBytes: 4000})
	t.Cleanup(store.Close)
	big, _ := json.Marshal(slices.Repeat([]string{"0123456789"}, 100))
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			_, err := store.Append(t.Context(), writes(uuid.New(), eventstore.None, string(big)))
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	requireChain(t, store)
}
