package commands_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
)

func TestTheLifeOfAMemory(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ctx := t.Context()
	receipt := must(t)(f.Remember(ctx, req(), tea()))
	require.Equal(t, 1, receipt.Version)
	require.Equal(t, int64(1), receipt.SequenceID)
	id := receipt.ID

	later := noon.Add(time.Hour)
	version := 1
	next := func(receipt commands.Receipt, err error) {
		t.Helper()
		version++
		require.NoError(t, err)
		require.Equal(t, version, receipt.Version)
		require.Equal(t, int64(version), receipt.SequenceID)
	}
	next(f.Revise(ctx, req(), id, memory.Revision{Type: new("habit"), Content: canonjson.MustParse(`"coffee"`)}))
	next(f.AdjustConfidence(ctx, req(), id, 0.8))
	next(f.RecordEvidence(ctx, req(), id, memory.Evidence{Supports: true}))
	next(f.SetExpiry(ctx, req(), id, &later))
	f.clock.Set(later)
	next(f.Restore(ctx, req(), id))
	next(f.Forget(ctx, req(), id))
	events, now := f.stream(t, id)
	var types []string
	for _, e := range events {
		types = append(types, e.Type)
		require.Equal(t, "coach", e.AgentID)
		require.Equal(t, "ana", e.UserID)
	}
	require.Equal(t, []string{
		"memory_remembered", "memory_revised", "memory_confidence_adjusted", "memory_evidence_recorded", "memory_expiry_set",
		"memory_restored", "memory_forgotten",
	}, types)
	require.Equal(t, memory.StateForgotten, now.State)
	require.InDelta(t, 0.82, now.Confidence, 1e-9)
}

func TestACommandWithoutEffectReturnsTheCurrentVersion(t *testing.T) {
	t.Parallel()
	f := setup(t)
	first := must(t)(f.Remember(t.Context(), req(), tea()))
	require.Equal(t, first, must(t)(f.Revise(t.Context(), req(), first.ID, memory.Revision{Content: canonjson.MustParse(`{"likes" :"tea"}`)})))
	require.Equal(t, first, must(t)(f.Restore(t.Context(), req(), first.ID)))
	require.Equal(t, int64(1), f.head(t))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f, ctx := setup(t), t.Context()
	id, forgotten := f.remember(t), f.remember(t)
	must(t)(f.Forget(ctx, req(), forgotten))
	before := f.head(t)
	refuses := func(kind domain.Kind, text string) func(commands.Receipt, error) {
		return func(_ commands.Receipt, err error) {
			t.Helper()
			require.ErrorContains(t, err, text)
			require.Equal(t, kind, domain.KindOf(err), text)
		}
	}
	refuses(domain.NotFound, "there is no memory")(f.Forget(ctx, req(), uuid.New()))
	refuses(domain.NotFound, "there is no memory")(f.Forget(ctx, commands.Request{Tenant: "other"}, id))
	refuses(domain.Conflict, "is forgotten; restore it first")(f.AdjustConfidence(ctx, req(), forgotten, 1))
	refuses(domain.Invalid, "content, metadata, memory_type, valid_from or valid_to must be given")(f.Revise(ctx, req(), id, memory.Revision{}))
	refuses(domain.Invalid, "command_id: ")(f.Forget(ctx, withID("a b"), id))
	refuses(domain.Invalid, "expected_version: ")(f.Forget(ctx, expecting(-1), id))
	r := tea()
	r.ID = &uuid.Nil
	refuses(domain.Invalid, "id: must not be the nil UUID")(f.Remember(ctx, req(), r))
	r.ID = &id
	refuses(domain.Conflict, "exists already, at version 1")(f.Remember(ctx, req(), r))
	r.OccurredAt = new(time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC))
	refuses(domain.Invalid, "occurred_at: must be in the years 1 to 9999, got 0")(f.Remember(ctx, req(), r))
	require.Equal(t, before, f.head(t), "a rejected command writes nothing")
}

func TestConcurrentRevisesWithTheSameExpectedVersionHaveOneWinner(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.remember(t)
	errs := f.revise100(t, expecting(1), id)
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		conflict, ok := errors.AsType[*domain.VersionConflictError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, 2, conflict.Actual)
	}
	require.Equal(t, 1, won)
	_, now := f.stream(t, id)
	require.Equal(t, 2, now.Version)
}

func TestConcurrentRevisesWithoutAnExpectedVersionAllSucceed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.remember(t)
	for _, err := range f.revise100(t, req(), id) {
		require.NoError(t, err)
	}
	_, now := f.stream(t, id)
	require.Equal(t, 101, now.Version)
	require.Equal(t, int64(101), f.head(t))
}

// revise100 sends 100 different revisions at once, through two handlers as two processes would.
func (f fixture) revise100(t *testing.T, r commands.Request, id uuid.UUID) []error {
	t.Helper()
	other := commands.New(f.log, f.writer, commands.Config{Now: f.clock.Now, MaxAttempts: 100})
	errs := make([]error, 100)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = []*commands.Handler{f.Handler, other}[i%2].Revise(t.Context(), r, id, memory.Revision{Content: canonjson.MustParse(strconv.Itoa(i))})
		})
	}
	wait(t, &wg)
	return errs
}

func TestARepeatedCommandReturnsItsFirstReceipt(t *testing.T) {
	t.Parallel()
	f := setup(t)
	first := must(t)(f.Remember(t.Context(), withID("once"), tea()))
	again := must(t)(f.Remember(t.Context(), withID("once"), tea()))
	require.Equal(t, first, again)

	other := tea()
	other.Content = canonjson.MustParse(`{"likes":"coffee"}`)
	_, err := f.Remember(t.Context(), withID("once"), other)
	require.Equal(t, domain.Reused, domain.KindOf(err))
	_, err = f.Forget(t.Context(), withID("once"), first.ID)
	require.Equal(t, domain.Reused, domain.KindOf(err))
	require.Equal(t, int64(1), f.head(t))
}

func TestARepeatedCommandDoesNotAffectLaterChanges(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.remember(t)
	first := must(t)(f.Forget(t.Context(), withID("forget-1"), id))
	noop := must(t)(f.Forget(t.Context(), withID("forget-2"), id)) // changes nothing, which is recorded
	require.Equal(t, first, noop)
	must(t)(f.Restore(t.Context(), req(), id))
	for _, command := range []string{"forget-1", "forget-2"} {
		again := must(t)(f.Forget(t.Context(), withID(command), id))
		require.Equal(t, first, again)
	}
	_, now := f.stream(t, id)
	require.Equal(t, memory.StateActive, now.State)
	require.Equal(t, 3, now.Version)
}

func TestARepeatedCommandWithAnExpectedVersionSucceedsAgain(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.remember(t)
	r := withID("adjust")
	r.ExpectedVersion = 1
	first := must(t)(f.AdjustConfidence(t.Context(), r, id, 0.9))
	require.Equal(t, 2, first.Version)
	again := must(t)(f.AdjustConfidence(t.Context(), r, id, 0.9))
	require.Equal(t, first, again)
	_, err := f.AdjustConfidence(t.Context(), expecting(1), id, 0.7)
	require.Equal(t, &domain.VersionConflictError{Stream: id.String(), Expected: 1, Actual: 2}, err)
}

func TestAConflictIsNotRecordedUnderTheCommandID(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.remember(t)
	r := withID("adjust")
	r.ExpectedVersion = 2
	_, err := f.AdjustConfidence(t.Context(), r, id, 0.9)
	require.Equal(t, domain.Conflict, domain.KindOf(err))
	must(t)(f.AdjustConfidence(t.Context(), req(), id, 0.8))
	must(t)(f.AdjustConfidence(t.Context(), r, id, 0.9))
}
