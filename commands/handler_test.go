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
	receipt, err := f.Remember(ctx, req(), tea())
	require.NoError(t, err)
	require.Equal(t, 1, receipt.Version)
	require.Equal(t, int64(1), receipt.SequenceID)
	id := receipt.ID

	later := noon.Add(time.Hour)
	habit := "habit"
	steps := []func() (commands.Receipt, error){
		func() (commands.Receipt, error) {
			return f.Revise(ctx, req(), id, memory.Revision{Type: &habit, Content: canonjson.MustParse(`"coffee"`)})
		},
		func() (commands.Receipt, error) { return f.AdjustConfidence(ctx, req(), id, 0.8) },
		func() (commands.Receipt, error) {
			return f.RecordEvidence(ctx, req(), id, memory.Evidence{Supports: true})
		},
		func() (commands.Receipt, error) { return f.SetExpiry(ctx, req(), id, &later) },
		func() (commands.Receipt, error) { f.clock.Set(later); return f.Restore(ctx, req(), id) },
		func() (commands.Receipt, error) { return f.Forget(ctx, req(), id) },
	}
	for i, step := range steps {
		receipt, err := step()
		require.NoError(t, err)
		require.Equal(t, i+2, receipt.Version)
		require.Equal(t, int64(i+2), receipt.SequenceID)
	}
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
	first, err := f.Remember(t.Context(), req(), tea())
	require.NoError(t, err)
	for name, again := range map[string]func() (commands.Receipt, error){
		"revise": func() (commands.Receipt, error) {
			return f.Revise(t.Context(), req(), first.ID, memory.Revision{Content: canonjson.MustParse(`{"likes" :"tea"}`)})
		},
		"restore": func() (commands.Receipt, error) { return f.Restore(t.Context(), req(), first.ID) },
	} {
		receipt, err := again()
		require.NoError(t, err, name)
		require.Equal(t, first, receipt, name)
	}
	require.Equal(t, int64(1), f.head(t))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.remember(t)
	forgotten := f.remember(t)
	_, err := f.Forget(t.Context(), req(), forgotten)
	require.NoError(t, err)
	before := f.head(t)
	for name, c := range map[string]struct {
		err  func() error
		kind domain.Kind
		text string
	}{
		"unknown memory": {func() error { _, err := f.Forget(t.Context(), req(), uuid.New()); return err }, domain.NotFound, "there is no memory"},
		"other tenant": {func() error {
			r := req()
			r.Tenant = "other"
			_, err := f.Forget(t.Context(), r, id)
			return err
		}, domain.NotFound, "there is no memory"},
		"forgotten memory": {func() error { _, err := f.AdjustConfidence(t.Context(), req(), forgotten, 1); return err }, domain.Conflict, "is forgotten; restore it first"},
		"nothing to revise": {func() error {
			_, err := f.Revise(t.Context(), req(), id, memory.Revision{})
			return err
		}, domain.Invalid, "content, metadata or memory_type must be given"},
		"bad command id":            {func() error { _, err := f.Forget(t.Context(), withID("a b"), id); return err }, domain.Invalid, "command_id: "},
		"negative expected version": {func() error { _, err := f.Forget(t.Context(), expecting(-1), id); return err }, domain.Invalid, "expected_version: "},
		"nil id": {func() error {
			r := tea()
			r.ID = &uuid.Nil
			_, err := f.Remember(t.Context(), req(), r)
			return err
		}, domain.Invalid, "id: must not be the nil UUID"},
		"occurred in the year 0": {func() error {
			r := tea()
			r.OccurredAt = &time.Time{}
			*r.OccurredAt = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
			_, err := f.Remember(t.Context(), req(), r)
			return err
		}, domain.Invalid, "occurred_at: must be in the years 1 to 9999, got 0"},
		"id that is taken": {func() error {
			r := tea()
			r.ID = &id
			_, err := f.Remember(t.Context(), req(), r)
			return err
		}, domain.Conflict, "exists already, at version 1"},
	} {
		err := c.err()
		require.ErrorContains(t, err, c.text, name)
		require.Equal(t, c.kind, domain.KindOf(err), name)
	}
	require.Equal(t, before, f.head(t), "a rejected command writes nothing")
}

func TestExpectedVersion(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.remember(t)
	receipt, err := f.AdjustConfidence(t.Context(), expecting(1), id, 0.6)
	require.NoError(t, err)
	require.Equal(t, 2, receipt.Version)
	_, err = f.AdjustConfidence(t.Context(), expecting(1), id, 0.7)
	require.Equal(t, &domain.VersionConflictError{Stream: id.String(), Expected: 1, Actual: 2}, err)
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
	first, err := f.Remember(t.Context(), withID("once"), tea())
	require.NoError(t, err)
	again, err := f.Remember(t.Context(), withID("once"), tea())
	require.NoError(t, err)
	require.Equal(t, first, again)

	other := tea()
	other.Content = canonjson.MustParse(`{"likes":"coffee"}`)
	_, err = f.Remember(t.Context(), withID("once"), other)
	require.Equal(t, domain.Reused, domain.KindOf(err))
	_, err = f.Forget(t.Context(), withID("once"), first.ID)
	require.Equal(t, domain.Reused, domain.KindOf(err))
	require.Equal(t, int64(1), f.head(t))
}

func TestARepeatedCommandDoesNotAffectLaterChanges(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.remember(t)
	first, err := f.Forget(t.Context(), withID("forget-1"), id)
	require.NoError(t, err)
	noop, err := f.Forget(t.Context(), withID("forget-2"), id) // changes nothing, which is recorded
	require.NoError(t, err)
	require.Equal(t, first, noop)
	_, err = f.Restore(t.Context(), req(), id)
	require.NoError(t, err)
	for _, command := range []string{"forget-1", "forget-2"} {
		again, err := f.Forget(t.Context(), withID(command), id)
		require.NoError(t, err)
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
	first, err := f.AdjustConfidence(t.Context(), r, id, 0.9)
	require.NoError(t, err)
	again, err := f.AdjustConfidence(t.Context(), r, id, 0.9)
	require.NoError(t, err)
	require.Equal(t, first, again)
}

func TestAConflictIsNotRecordedUnderTheCommandID(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.remember(t)
	r := withID("adjust")
	r.ExpectedVersion = 2
	_, err := f.AdjustConfidence(t.Context(), r, id, 0.9)
	require.Equal(t, domain.Conflict, domain.KindOf(err))
	_, err = f.AdjustConfidence(t.Context(), req(), id, 0.8)
	require.NoError(t, err)
	_, err = f.AdjustConfidence(t.Context(), r, id, 0.9)
	require.NoError(t, err)
}
