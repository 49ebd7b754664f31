package writer_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

func TestAppendAndReadBack(t *testing.T) {
	t.Parallel()
	store, pool := setup(t)
	stream := uuid.New()
	c := writes(stream, eventstore.None, `{"b":1.50,"a":"\ud83d\ude00"}`, `[]`)
	c.Writes[0].Events[0].Contents = canonjson.Text("hello")
	c.Writes[0].Events[0].Meta = domain.Meta{Actor: "ana", Principal: "local:ana", CommandID: "c-1", CorrelationID: "k"}
	result := store.add(t, c)
	last := c.Writes[0].Events[1].ID
	require.Equal(t, []eventstore.WriteResult{{StreamID: stream, Version: 2, SequenceID: 2, EventID: last}}, result.Writes)

	events, _, err := store.ReadStream(t.Context(), tenant, stream, 1, eventstore.Forwards, 10)
	require.NoError(t, err)
	require.Len(t, events, 2)
	first := events[0]
	salt := pgtest.Value[[]byte](t, pool, `select salt from event_contents where sequence_id = 1`)
	digest := sha256.Sum256(append(salt, first.Contents...))
	require.Equal(t, fmt.Sprintf(`{"a":"😀","b":1.5,"contents":{"bytes":7,"sha256":"%x"}}`, digest), string(first.Payload))
	require.Equal(t, agent, first.AgentID)
	require.Equal(t, "ana", first.UserID)
	require.Equal(t, time.Date(2026, 3, 1, 8, 0, 0, 123456000, time.UTC), first.OccurredAt)
	require.WithinDuration(t, time.Now(), first.CreatedAt, time.Minute)
	meta, err := first.Meta()
	require.NoError(t, err)
	require.Equal(t, c.Writes[0].Events[0].Meta, meta)

	backwards, _, err := store.ReadStream(t.Context(), tenant, stream, 2, eventstore.Backwards, 1)
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
		result := store.add(t, writes(stream, c.expected, `{}`))
		if c.actual < 0 {
			require.Nil(t, result.Writes[0].Conflict)
			continue
		}
		require.Equal(t, &domain.VersionConflictError{Stream: stream.String(), Expected: c.expected, Actual: c.actual}, result.Writes[0].Conflict)
	}
	require.Len(t, requireChain(t, store), 4, "a conflict uses up no sequence_id")
}

func TestWritesOfACommandSucceedOrConflictAlone(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	a, b := uuid.New(), uuid.New()
	c := eventstore.Command{Tenant: tenant, Writes: []eventstore.StreamAppend{
		writes(a, eventstore.None, `1`).Writes[0],
		writes(a, eventstore.None, `2`).Writes[0],
		writes(b, 7, `3`).Writes[0],
		writes(b, eventstore.None, `4`).Writes[0],
		writes(a, 1, `5`).Writes[0],
	}}
	result := store.add(t, c)
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
	store, pool := setup(t)
	other := newStore(t, pool, writer.Config{})
	stream := uuid.New()
	store.add(t, writes(stream, eventstore.None, `{}`))

	results, _ := atOnce(t, 100, func(i int) logStore { return []logStore{store, other}[i%2] },
		func(int) eventstore.Command { return writes(stream, 1, `{}`) })
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

func TestOneRecordMakesOneStream(t *testing.T) {
	t.Parallel()
	store, pool := setup(t)
	other := newStore(t, pool, writer.Config{})
	of := func(record byte, c eventstore.Command) eventstore.Command {
		c.Writes[len(c.Writes)-1].Record = eventstore.Hash{record}
		return c
	}
	// In each form of the statement: locked and optimistic, one event and two, with a command id or without, next to a stream that
	// is continued.
	first := store.add(t, of(1, one())).Writes[0].StreamID
	made := map[eventstore.Hash]uuid.UUID{{1}: first}
	identified, row := one(), writes(uuid.New(), eventstore.None, `{}`, `{}`)
	identified.ID, row.ID = "of one event", "of two"
	continuing := writes(first, 1, `{}`)
	continuing.Writes = append(continuing.Writes, one().Writes...)
	for i, c := range []eventstore.Command{one(), writes(uuid.New(), eventstore.None, `{}`, `{}`), identified, row, continuing} {
		written := store.add(t, of(byte(i+2), c)).Writes
		made[eventstore.Hash{byte(i + 2)}] = written[len(written)-1].StreamID
	}
	var records [][]byte
	for i := range byte(10) {
		records = append(records, append([]byte{i}, make([]byte, 31)...))
	}
	found, err := store.Imported(t.Context(), tenant, records)
	require.NoError(t, err)
	require.Equal(t, made, found)

	head := len(requireChain(t, store))
	results, errs := atOnce(t, 60, func(i int) logStore { return []logStore{store, other}[i%2] }, func(i int) eventstore.Command {
		if i%10 > 0 {
			return one()
		}
		c := one()
		c.Writes = append(c.Writes, one().Writes...)
		return of(9, c)
	})
	won := 0
	for i, err := range errs {
		switch {
		case i%10 > 0 || err == nil:
			require.NoError(t, err, "it is another's record")
			won += 1 - min(1, i%10)
		default:
			require.ErrorIs(t, err, eventstore.ErrImported)
			require.Empty(t, results[i])
		}
	}
	require.Equal(t, 1, won)
	require.Len(t, requireChain(t, store), head+54+2)
	pgtest.Exec(t, pool, `delete from event_contents`)
	found, err = store.Imported(t.Context(), tenant, records)
	require.NoError(t, err)
	require.Empty(t, found, "what was erased is not found by its record")
	store.add(t, of(1, one()))
}

// One bad command in a batch, here one that reuses an event id, which only the database finds out.
func TestOneCommandsFailureIsItsOwn(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	taken := one()
	store.add(t, taken)

	_, errs := atOnce(t, 60, func(int) logStore { return store }, func(i int) eventstore.Command {
		c := one()
		if i%10 == 0 {
			c.Writes[0].Events[0].ID = taken.Writes[0].Events[0].ID
		}
		return c
	})
	for i, err := range errs {
		if i%10 == 0 {
			require.ErrorContains(t, err, "events_event_id_key")
		} else {
			require.NoError(t, err)
		}
	}
	require.Len(t, requireChain(t, store), 55)
}

func TestAppendRefusesWhatCannotBeStored(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	for expected, change := range map[string]func(*eventstore.NewEvent){
		"payload: must be an object where the event has contents":      func(e *eventstore.NewEvent) { e.Payload, e.Contents = canonjson.Null(), canonjson.Null() },
		"payload.contents: is reserved for the digest of the contents": func(e *eventstore.NewEvent) { e.Payload = canonjson.MustParse(`{"contents":{}}`) },
		"metadata.actor: must not contain a NUL character":             func(e *eventstore.NewEvent) { e.Meta.Actor = "\x00" },
	} {
		c := one()
		change(&c.Writes[0].Events[0])
		_, err := store.Append(t.Context(), c)
		require.EqualError(t, err, expected)
		require.Equal(t, domain.Invalid, domain.KindOf(err))
	}
}

func TestTenantsHaveTheirOwnLogs(t *testing.T) {
	t.Parallel()
	store, _ := setup(t)
	stream := uuid.New()
	for _, of := range []domain.Tenant{"b", "a", "b"} {
		c := writes(stream, eventstore.Any, `{}`)
		c.Tenant, c.ID = of, "the-same-id-"+string(of)+fmt.Sprint(rand.Int())
		store.add(t, c)
	}
	heads, err := store.Heads(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[domain.Tenant]int64{"a": 1, "b": 2}, heads)
	heads["c"] = 0
	for of, n := range heads {
		page, err := store.ReadLog(t.Context(), of, 0, eventstore.Filter{}, 10)
		require.NoError(t, err)
		require.Len(t, page.Events, int(n))
		require.Equal(t, n, page.Head)
	}
}

func TestACallerThatGoesAwayWhileWaitingWritesNothing(t *testing.T) {
	t.Parallel()
	store, pool := setup(t)
	store.add(t, one())

	unlock := lockLogs(t, pool)
	under := make(chan error, 1)
	go func() {
		_, err := store.Append(context.WithoutCancel(t.Context()), writes(uuid.New(), eventstore.None, `"under way"`))
		under <- err
	}()
	waitForLocks(t, pool, 1)

	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() {
		_, err := store.Append(ctx, writes(uuid.New(), eventstore.None, `"gone"`))
		waiting <- err
	}()
	cancel()
	require.ErrorIs(t, <-waiting, context.Canceled)
	unlock()
	require.NoError(t, <-under)
	page, err := store.ReadLog(t.Context(), tenant, 0, eventstore.Filter{}, 10)
	require.NoError(t, err)
	require.Len(t, page.Events, 2)
	require.JSONEq(t, `"under way"`, string(page.Events[1].Payload))
}

func TestALargeBatchIsSplitByItsBytes(t *testing.T) {
	t.Parallel()
	_, pool := setup(t)
	store := newStore(t, pool, writer.Config{MaxBatch: 7, MaxBatchBytes: 4000})
	big, _ := json.Marshal(slices.Repeat([]string{"0123456789"}, 100))
	_, errs := atOnce(t, 40, func(int) logStore { return store }, func(int) eventstore.Command {
		return writes(uuid.New(), eventstore.None, string(big))
	})
	require.NoError(t, errors.Join(errs...))
	requireChain(t, store)
}

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
	require.Eventually(t, func() bool { return writer.Waiting(w, tenant) == 1 }, 10*time.Second, time.Millisecond)
	later.Store(int64(time.Hour)) // the transaction took an hour
	unlock()
	first.Wait()
	require.NoError(t, one)

	require.Eventually(t, func() bool { return writer.Delayed(w, tenant) }, 10*time.Second, time.Millisecond)
	require.Equal(t, 1, writer.Waiting(w, tenant))
	require.NoError(t, command())
	second.Wait()
	require.NoError(t, other)
	w.Close()
	require.Equal(t, []int{1, 1, 1, 2}, batches)
}
