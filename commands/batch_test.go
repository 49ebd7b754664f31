package commands_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
)

func TestRememberBatch(t *testing.T) {
	t.Parallel()
	f := setup(t)
	taken := f.remember(t)
	batch := make([]commands.Remember, 1000)
	for i := range batch {
		batch[i] = tea()
	}
	batch[3].Content = canonjson.MustParse(`"` + strings.Repeat("x", 9000) + `"`)
	batch[7].AgentID = ""
	batch[8].ID = &taken
	batch[9].ID = new(eventstore.ReservedStream("projection/agent_memories"))
	batch[10].ID = new(f.operate(t))
	results, err := f.RememberBatch(t.Context(), withID("batch"), batch)
	require.NoError(t, err)
	for i, r := range results {
		switch i {
		case 7:
			require.EqualError(t, r.Err, "agent_id: must be 1 to 100 characters, got 0")
		case 8, 10:
			require.EqualError(t, r.Err, fmt.Sprintf("memory %s exists already, at version 1", *batch[i].ID))
		case 9:
			require.EqualError(t, r.Err, "id: must not begin with 00000000-0000-8, as the ids of AUREN's own streams do")
		default:
			require.NoError(t, r.Err)
			require.Equal(t, 1, r.Receipt.Version)
		}
	}
	require.Equal(t, int64(2+996), f.head(t))

	again, err := f.RememberBatch(t.Context(), withID("batch"), batch)
	require.NoError(t, err)
	require.Equal(t, results, again)
	require.Equal(t, int64(2+996), f.head(t))
	_, err = f.RememberBatch(t.Context(), withID("batch"), batch[:10])
	require.Equal(t, domain.Reused, domain.KindOf(err))

	for _, n := range []int{0, 1001} {
		_, err = f.RememberBatch(t.Context(), req(), make([]commands.Remember, n))
		require.ErrorContains(t, err, "memories: must hold 1 to 1000 memories, got ")
	}
}

// operate writes an event of category projection, and returns its stream.
func (f fixture) operate(t *testing.T) uuid.UUID {
	t.Helper()
	stream := uuid.New()
	f.write(t, stream, eventstore.CategoryProjection, "tested")
	return stream
}

// write writes an event that no command writes.
func (f fixture) write(t *testing.T, stream uuid.UUID, category, eventType string) {
	t.Helper()
	_, err := f.writer.Append(t.Context(), eventstore.Command{Tenant: domain.DefaultTenant, Writes: []eventstore.StreamAppend{{
		StreamID: stream, Expected: eventstore.Any, Category: category,
		Events: []eventstore.NewEvent{{ID: uuid.New(), Type: eventType, SchemaVersion: 1, OccurredAt: noon}},
	}}})
	require.NoError(t, err)
}

func TestForgetMatching(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var ids []uuid.UUID
	for range 600 {
		ids = append(ids, uuid.New())
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	for chunk := range slices.Chunk(ids, 300) {
		var batch []commands.Remember
		for _, id := range chunk {
			r := tea()
			r.ID = &id
			batch = append(batch, r)
		}
		_, err := f.RememberBatch(t.Context(), req(), batch)
		require.NoError(t, err)
	}
	for _, id := range ids[:5] {
		must(t)(f.Forget(t.Context(), req(), id))
	}
	interfered := false
	find := func(ctx context.Context, after uuid.UUID, limit int) ([]uuid.UUID, error) {
		var page []uuid.UUID
		for _, id := range ids {
			if slices.Compare(id[:], after[:]) > 0 && len(page) < limit {
				page = append(page, id)
			}
		}
		if !interfered {
			interfered = true
			must(t)(f.AdjustConfidence(ctx, req(), ids[9], 0.9))
		}
		return page, nil
	}
	forgotten, err := f.ForgetMatching(t.Context(), req(), canonjson.Value{}, find)
	require.NoError(t, err)
	require.Equal(t, commands.Matching{Matched: 600, Changed: 595, SequenceID: f.head(t)}, forgotten)
	_, now := f.stream(t, ids[9])
	require.Equal(t, memory.StateForgotten, now.State)

	forgotten, err = f.ForgetMatching(t.Context(), req(), canonjson.Value{}, find)
	require.NoError(t, err)
	require.Equal(t, commands.Matching{Matched: 600}, forgotten)

	interfered = false
	must(t)(f.Restore(t.Context(), req(), ids[9]))
	restored, err := f.RestoreMatching(t.Context(), req(), canonjson.Value{}, find)
	require.NoError(t, err)
	require.Equal(t, commands.Matching{Matched: 600, Changed: 599, SequenceID: f.head(t)}, restored)
	_, now = f.stream(t, ids[0])
	require.Equal(t, memory.StateActive, now.State)
}

func TestForgetMatchingIsIdempotent(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var ids []uuid.UUID
	find := func(_ context.Context, after uuid.UUID, _ int) ([]uuid.UUID, error) {
		if after != uuid.Nil {
			return nil, nil
		}
		return ids, nil
	}
	ids = append(ids, f.remember(t))
	interrupted := errors.New("interrupted")
	_, err := f.ForgetMatching(t.Context(), withID("all"), canonjson.Text("filter"), func(context.Context, uuid.UUID, int) ([]uuid.UUID, error) {
		return nil, interrupted
	})
	require.ErrorIs(t, err, interrupted)
	first, err := f.ForgetMatching(t.Context(), withID("all"), canonjson.Text("filter"), find)
	require.NoError(t, err)
	require.Equal(t, 1, first.Changed)
	ids = append(ids, f.remember(t))
	before := f.head(t)
	again, err := f.ForgetMatching(t.Context(), withID("all"), canonjson.Text("filter"), find)
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, err = f.ForgetMatching(t.Context(), withID("all"), canonjson.Text("another filter"), find)
	require.Equal(t, domain.Reused, domain.KindOf(err))
	must(t)(f.Remember(t.Context(), withID("taken"), tea()))
	_, err = f.ForgetMatching(t.Context(), withID("taken"), canonjson.Text("filter"), find)
	require.Equal(t, domain.Reused, domain.KindOf(err))
	require.Equal(t, before+1, f.head(t))
}

// Whichever comes first claims the id; the other must not have forgotten anything when it is refused.
func TestForgetMatchingTwoFiltersAtOnceUnderOneID(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ids := []uuid.UUID{f.remember(t), f.remember(t)}
	var found, ended sync.WaitGroup
	found.Add(len(ids))
	errs := make([]error, len(ids))
	for i, id := range ids {
		arrive := sync.OnceFunc(found.Done)
		find := func(_ context.Context, after uuid.UUID, _ int) ([]uuid.UUID, error) {
			if after != uuid.Nil {
				return nil, nil
			}
			arrive()
			found.Wait()
			return []uuid.UUID{id}, nil
		}
		ended.Go(func() {
			defer arrive()
			_, errs[i] = f.ForgetMatching(t.Context(), withID("all"), canonjson.Text(id.String()), find)
		})
	}
	wait(t, &ended)
	for i, id := range ids {
		_, now := f.stream(t, id)
		if errs[i] == nil {
			require.Equal(t, memory.StateForgotten, now.State)
		} else {
			require.Equal(t, domain.Reused, domain.KindOf(errs[i]))
			require.Equal(t, memory.StateActive, now.State)
		}
	}
	require.NotEqual(t, errs[0] == nil, errs[1] == nil)
}

func TestSweeper(t *testing.T) {
	t.Parallel()
	f := setup(t)
	soon := noon.Add(time.Hour)
	r := tea()
	r.ExpiresAt = &soon
	receipt := must(t)(f.Remember(t.Context(), req(), r))
	kept := f.remember(t)
	due := func(context.Context, time.Time, int) ([]memory.Key, error) {
		// Stale results of a lagging read model, and a memory that does not exist.
		return []memory.Key{{Tenant: domain.DefaultTenant, ID: uuid.New()}, {Tenant: domain.DefaultTenant, ID: kept}, {Tenant: domain.DefaultTenant, ID: receipt.ID}}, nil
	}
	sweeper := commands.NewSweeper(f.Handler, due, commands.SweeperConfig{}, zaptest.NewLogger(t))
	expired, err := sweeper.SweepOnce(t.Context())
	require.NoError(t, err)
	require.Zero(t, expired, "too early")
	f.clock.Set(soon)
	for _, want := range []int{1, 0} {
		expired, err = sweeper.SweepOnce(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, expired)
	}
	_, now := f.stream(t, receipt.ID)
	require.Equal(t, memory.StateExpired, now.State)
	require.Equal(t, 2, now.Version)
}

// imported is a record of a memory like tea.
func imported(id uuid.UUID) commands.ImportRecord {
	return commands.ImportRecord{ID: id, OccurredAt: noon, Draft: memory.Draft{AgentID: "coach", UserID: "ana", Content: canonjson.MustParse(`1`)}}
}

func TestImport(t *testing.T) {
	t.Parallel()
	f := setup(t)
	record := imported(uuid.New())
	record.OccurredAt, record.Digest = noon.AddDate(-1, 0, 0), eventstore.Hash{1}
	one := func(r commands.ImportRecord, dryRun bool) commands.ImportResult {
		t.Helper()
		results, err := f.Import(t.Context(), req(), []commands.ImportRecord{r}, dryRun)
		require.NoError(t, err)
		require.NoError(t, results[0].Err)
		return results[0]
	}
	expect := func(r commands.ImportRecord, verdict commands.ImportVerdict, version int) {
		t.Helper()
		before := f.head(t)
		dry := one(r, true)
		require.Equal(t, before, f.head(t), "a dry run writes nothing")
		real := one(r, false)
		require.Equal(t, []any{verdict, version}, []any{real.Verdict, real.Version})
		require.Equal(t, dry.Verdict, real.Verdict)
		again := one(r, false)
		if verdict == commands.ImportKept {
			require.Equal(t, commands.ImportKept, again.Verdict)
		} else {
			require.Equal(t, commands.ImportUnchanged, again.Verdict)
		}
	}
	expect(record, commands.ImportAdded, 1)
	events, now := f.stream(t, record.ID)
	require.Equal(t, record.OccurredAt, events[0].OccurredAt)
	require.Equal(t, record.OccurredAt, now.CreatedAt)

	// An agent's own revision is not undone by a record that has not changed.
	must(t)(f.Revise(t.Context(), req(), record.ID, memory.Revision{Content: canonjson.MustParse(`"better"`)}))
	expect(record, commands.ImportUnchanged, 2)

	changed := record
	changed.Digest = eventstore.Hash{2}
	changed.Draft.Content = canonjson.MustParse(`2`)
	confidence := 0.9
	changed.Draft.Confidence = &confidence
	changed.Draft.ValidFrom, changed.Draft.ValidTo = &record.OccurredAt, &noon
	expect(changed, commands.ImportChanged, 4)
	expect(record, commands.ImportChanged, 6) // a restored file
	_, now = f.stream(t, record.ID)
	require.Nil(t, now.ValidFrom)
	require.Nil(t, now.ValidTo)
	expect(changed, commands.ImportChanged, 8)
	_, now = f.stream(t, record.ID)
	require.Equal(t, [2]*time.Time{&record.OccurredAt, &noon}, [2]*time.Time{now.ValidFrom, now.ValidTo})

	must(t)(f.Forget(t.Context(), req(), record.ID))
	expect(record, commands.ImportKept, 9)

	gone := record
	gone.ID, gone.Forgotten = uuid.New(), true
	expect(gone, commands.ImportAdded, 2)
	_, now = f.stream(t, gone.ID)
	require.Equal(t, memory.StateForgotten, now.State)
}

func TestImportDoesNotChangeTheOwnerOfAMemory(t *testing.T) {
	t.Parallel()
	f := setup(t)
	record := imported(uuid.New())
	other := record
	other.Draft.UserID = "v"
	results, err := f.Import(t.Context(), req(), []commands.ImportRecord{record, other}, false)
	require.NoError(t, err)
	require.NoError(t, results[0].Err)
	require.Equal(t, domain.Conflict, domain.KindOf(results[1].Err))
	results, err = f.Import(t.Context(), req(), []commands.ImportRecord{other}, false)
	require.NoError(t, err)
	require.ErrorContains(t, results[0].Err, `belongs to agent "coach" and user "ana"`)
	require.Equal(t, int64(1), f.head(t))
}

func TestImportRejectsBadRecordsAlone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	good := imported(uuid.New())
	bad := good
	bad.ID, bad.Draft.UserID = uuid.New(), ""
	twice, reserved, taken := good, good, good
	reserved.ID, taken.ID = eventstore.ReservedStream("projection/agent_memories"), f.operate(t)
	results, err := f.Import(t.Context(), req(), []commands.ImportRecord{bad, good, twice, reserved, taken}, false)
	require.NoError(t, err)
	require.ErrorContains(t, results[0].Err, "user_id: must be 1 to 255 characters, got 0")
	require.Equal(t, commands.ImportAdded, results[1].Verdict)
	require.Equal(t, commands.ImportUnchanged, results[2].Verdict)
	require.ErrorContains(t, results[3].Err, "id: must not begin with 00000000-0000-8")
	require.EqualError(t, results[4].Err, fmt.Sprintf("stream %s is not a memory: its category is projection", taken.ID))
	require.Equal(t, int64(2), f.head(t))
}

func TestAMemoryOfANewerVersionIsLeftAlone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	readable, newer := f.remember(t), f.remember(t)
	f.write(t, newer, eventstore.CategoryMemory, "memory_merged")

	_, err := f.Forget(t.Context(), req(), newer)
	require.Equal(t, domain.Conflict, domain.KindOf(err))
	require.ErrorContains(t, err, "memory_merged")
	results, err := f.Import(t.Context(), req(), []commands.ImportRecord{imported(newer)}, false)
	require.NoError(t, err)
	require.ErrorContains(t, results[0].Err, "memory_merged")
	pages := 0
	forgotten, err := f.ForgetMatching(t.Context(), req(), canonjson.Value{}, func(context.Context, uuid.UUID, int) ([]uuid.UUID, error) {
		if pages++; pages > 1 {
			return nil, nil
		}
		return []uuid.UUID{readable, newer}, nil
	})
	require.NoError(t, err)
	require.Equal(t, commands.Matching{Matched: 2, Changed: 1, SequenceID: f.head(t)}, forgotten)
}
