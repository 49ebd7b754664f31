package writer_test

import (
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

// What a writer remembers of its log is wrong as soon as another process appends, or a command expects another version.
func TestFailedAssumptionFallsBackToTheLock(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	one, other := newStore(t, pool, writer.Config{}), newStore(t, pool, writer.Config{})
	stream := uuid.New()
	appended := func(s logStore, stream uuid.UUID, expected int) eventstore.WriteResult {
		t.Helper()
		result := s.add(t, writes(stream, expected, `{}`))
		return result.Writes[0]
	}
	require.Equal(t, int64(1), appended(one, stream, eventstore.None).SequenceID)
	require.Equal(t, int64(2), appended(one, uuid.New(), eventstore.None).SequenceID, "assumed")
	require.Equal(t, int64(3), appended(other, uuid.New(), eventstore.None).SequenceID)
	require.Equal(t, int64(4), appended(one, uuid.New(), eventstore.None).SequenceID, "the head had moved")

	require.True(t, writer.Pessimistic(one.Writer, tenant))
	// Nobody else appends any more, so all of these are optimistic once the pessimism is over.
	for sequenceID := int64(5); sequenceID < 205; sequenceID++ {
		require.Equal(t, sequenceID, appended(one, uuid.New(), eventstore.None).SequenceID)
	}
	require.Equal(t, 2, appended(one, stream, 1).Version, "the version is as expected")
	for _, expected := range []int{eventstore.None, 1, 5, math.MaxInt32, math.MaxInt64, -7} {
		conflict := appended(one, stream, expected).Conflict
		require.NotNil(t, conflict, "expected %d", expected)
		require.Equal(t, 2, conflict.Actual)
	}
	require.Equal(t, int64(206), appended(one, uuid.New(), eventstore.None).SequenceID)
	require.Len(t, requireChain(t, one), 206)
}

// While commands are refused, assumptions would fail again and again.
func TestARefusalMakesTheWriterPessimistic(t *testing.T) {
	t.Parallel()
	store := newStore(t, pgtest.New(t), writer.Config{})
	stream := uuid.New()
	store.add(t, writes(stream, eventstore.None, `{}`))
	require.False(t, writer.Pessimistic(store.Writer, tenant))
	began := time.Now()
	refused := store.add(t, writes(stream, 7, `{}`))
	require.NotNil(t, refused.Writes[0].Conflict)
	require.Eventually(t, func() bool { return !writer.Pessimistic(store.Writer, tenant) }, 10*time.Second, time.Millisecond)
	require.GreaterOrEqual(t, time.Since(began), 50*time.Millisecond)
}

// A refused command proves nothing of what was assumed for it, on which others of its batch might rest.
func TestARefusedCommandDoesNotRefuseOthers(t *testing.T) {
	t.Parallel()
	for name, besideAnother := range map[string]bool{"alone": false, "beside another store": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			store, other := newStore(t, pool, writer.Config{}), newStore(t, pool, writer.Config{})
			stream := uuid.New()
			for version := range 7 {
				store.add(t, writes(stream, version, `{}`))
			}
			if besideAnother {
				other.add(t, one())
			}
			first, reused, right := one(), writes(stream, 3, `{}`), writes(stream, 7, `{}`)
			first.ID, first.Fingerprint = "k", eventstore.Hash{1}
			reused.ID, reused.Fingerprint = "k", eventstore.Hash{2}
			results, errs := inOneBatch(t, pool, store, first, reused, right)
			require.NoError(t, errs[0])
			require.ErrorIs(t, errs[1], eventstore.ErrReused)
			require.NoError(t, errs[2])
			require.Nil(t, results[2].Writes[0].Conflict)
			require.Equal(t, 8, results[2].Writes[0].Version)
		})
	}
}

// Planned while its table is empty, for whatever is looked up, a statement keeps its plan until statistics are gathered:
// one that went through the table would take longer with each command until then.
func TestLookUpsFollowTheirIndexHoweverLittleThereWas(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	plan := func(sql string) string { return pgtest.GenericPlan(t, pool, sql) }
	commands := plan(writer.ReadCommands)
	require.Regexp(t, `Index Scan using commands_pkey .*\n *Index Cond: .*tenant_id.* AND .*command_id`, commands)
	heads := plan(writer.ReadStreamHeads)
	require.Regexp(t, `Index Scan Backward using events_stream_version_key .*\n *Index Cond: .*tenant_id.* AND .*stream_id`, heads)
	for _, sql := range []string{writer.ReadCommands, writer.ReadStreamHeads} {
		require.Regexp(t, `Index Scan using event_contents_pkey .*\n *Index Cond: .*tenant_id.* AND .*sequence_id`, plan(sql))
	}
	require.Regexp(t, `Index Scan using events_event_id_key .*\n *Index Cond: .*tenant_id.* AND .*event_id`, commands)
	const records = `Index (Only )?Scan using imported_pkey .*\n *Index Cond: .*tenant_id.* AND .*record`
	require.Regexp(t, records, plan(writer.ReadRecords))
	for _, sql := range writer.AppendStatements() {
		optimistic := plan(sql)
		require.Regexp(t, records, optimistic)
		require.Regexp(t, `Index (Only )?Scan using events_stream_version_key .*\n *Index Cond: .*tenant_id.* AND .*stream_id.* AND .*version`, optimistic)
		require.Regexp(t, `Index (Only )?Scan using commands_pkey .*\n *Index Cond: .*tenant_id.* AND .*command_id`, optimistic)
	}
}

// A statement looks for what it is conditional on before it waits for the lock of the log. What was recorded while it waited
// must not be passed over.
func TestACommandRecordedWhileTheLockIsWaitedForIsKnown(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	optimistic, other := newStore(t, pool, writer.Config{}), newStore(t, pool, writer.Config{})
	stream := uuid.New()
	for version := range 3 { // from the second on, it is optimistic
		optimistic.add(t, writes(stream, version, `{}`))
	}
	unlock := lockLogs(t, pool)
	assertion, event := writes(stream, eventstore.Any), writes(stream, 3, `{}`)
	assertion.ID, event.ID = "k", "k"
	event.Fingerprint = eventstore.Hash{1}
	var group sync.WaitGroup
	var recorded, refused error
	group.Go(func() { _, recorded = other.Append(t.Context(), assertion) })
	waitForLocks(t, pool, 1)
	group.Go(func() { _, refused = optimistic.Append(t.Context(), event) })
	waitForLocks(t, pool, 2)
	unlock()
	group.Wait()
	require.NoError(t, recorded)
	require.ErrorIs(t, refused, eventstore.ErrReused)
	require.Len(t, requireChain(t, optimistic), 3)
}

// The row was there when the writer looked at the log last, so neither the head nor the epoch has moved since.
func TestACommandWithARowIsKnownToAnOptimisticWriter(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	other, optimistic := newStore(t, pool, writer.Config{}), newStore(t, pool, writer.Config{}, writer.AlwaysOptimistic)
	row, event := writes(uuid.New(), eventstore.None, `1`, `2`), writes(uuid.New(), eventstore.None, `3`)
	row.ID, event.ID = "k", "k"
	event.Fingerprint = eventstore.Hash{1}
	other.add(t, row)
	optimistic.add(t, one())
	require.False(t, writer.Pessimistic(optimistic.Writer, tenant))
	_, err := optimistic.Append(t.Context(), event)
	require.ErrorIs(t, err, eventstore.ErrReused)
	require.Len(t, requireChain(t, optimistic), 3)
}

func TestTheCategoryOfAStreamCannotChange(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]writer.Option{"locked": nil, "optimistic": {writer.AlwaysOptimistic}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			first, store := newStore(t, pool, writer.Config{}), newStore(t, pool, writer.Config{}, options...)
			stream := uuid.New()
			first.add(t, writes(stream, eventstore.None, `{}`))
			if options != nil {
				store.add(t, one())
				require.False(t, writer.Pessimistic(store.Writer, tenant))
			}
			before := len(requireChain(t, store))
			changed := writes(stream, 1, `{}`)
			changed.Writes[0].Category = eventstore.CategoryProjection
			_, err := store.Append(t.Context(), changed)
			require.EqualError(t, err, fmt.Sprintf("category: must be %q, that of stream %s, got %q", "memory", stream, "projection"))
			changed.Writes[0].StreamID = uuid.New()
			changed.Writes = append(writes(changed.Writes[0].StreamID, eventstore.None, `{}`).Writes, changed.Writes...)
			_, err = store.Append(t.Context(), changed)
			require.EqualError(t, err, fmt.Sprintf("category: must be one for stream %s, got %q and %q", changed.Writes[0].StreamID, "memory", "projection"))
			require.Len(t, requireChain(t, store), before)
		})
	}
}

// inOneBatch appends commands that one transaction carries: the lock of the log keeps the writer busy until all of them wait.
func inOneBatch(t *testing.T, pool *pgxpool.Pool, store logStore, commands ...eventstore.Command) ([]eventstore.Result, []error) {
	t.Helper()
	unlock := lockLogs(t, pool)
	var group sync.WaitGroup
	var busy error
	group.Go(func() { _, busy = store.Append(t.Context(), one()) })
	waitForLocks(t, pool, 1)
	results, errs := make([]eventstore.Result, len(commands)), make([]error, len(commands))
	for i, c := range commands {
		group.Go(func() { results[i], errs[i] = store.Append(t.Context(), c) })
		require.Eventually(t, func() bool { return writer.Waiting(store.Writer, tenant) == i+1 }, 10*time.Second, time.Millisecond)
	}
	unlock()
	group.Wait()
	require.NoError(t, busy)
	return results, errs
}

// lockLogs takes the locks of all logs, until they are given back.
func lockLogs(t *testing.T, pool *pgxpool.Pool) (unlock func()) {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `select from logs for update`)
	require.NoError(t, err)
	return func() { require.NoError(t, tx.Commit(t.Context())) }
}

// waitForLocks waits until so many wait for a lock.
func waitForLocks(t *testing.T, pool *pgxpool.Pool, n int) {
	t.Helper()
	require.Eventually(t, func() bool {
		var found int
		err := pool.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).Scan(&found)
		return err == nil && found == n
	}, 10*time.Second, time.Millisecond)
}
