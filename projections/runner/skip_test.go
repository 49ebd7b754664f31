package runner

import (
	"context"
	"encoding/json"
	"errors"
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
	"github.com/auren-memory/auren/projections"
)

func (f fixture) skip(t *testing.T, projection string, sequenceID int64) eventstore.WriteResult {
	t.Helper()
	said, err := projections.Skip(t.Context(), f.pool, f.writer, tenant, projection, sequenceID, domain.Meta{Actor: "ops"}, "beyond repair")
	require.NoError(t, err)
	return said
}

func TestSkipLetsARunnerGoOn(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{`"poison"`, `"bad"`} {
		t.Run(payload, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			f.append(t, tenant, `{}`, `{}`, payload, `{}`, payload, `{}`)
			f.append(t, "other", `{}`)
			ctx, stop := context.WithCancel(t.Context())
			var running sync.WaitGroup
			defer running.Wait()
			defer stop()
			running.Go(func() { _ = f.watcher.Run(ctx) })
			running.Go(func() { _ = f.runner(Config{}).Run(ctx) })
			stoppedAt := func(sequenceID int64) func() bool {
				return func() bool {
					var stopped bool
					err := f.pool.QueryRow(t.Context(), `
select exists (select from projection_checkpoints where tenant_id = $1 and stopped_at = $2)`, tenant, sequenceID).Scan(&stopped)
					return err == nil && stopped
				}
			}
			require.Eventually(t, stoppedAt(3), 10*time.Second, 5*time.Millisecond)
			require.Equal(t, upTo(2), f.applied(t, tenant))

			said := f.skip(t, "diary", 3)
			require.EqualValues(t, 7, said.SequenceID)
			require.Eventually(t, stoppedAt(5), 3*time.Second, 5*time.Millisecond, "it goes on by itself, up to the next poison")
			require.Equal(t, upTo(4), f.applied(t, tenant))
			f.skip(t, "diary", 5)
			require.Eventually(t, func() bool { return f.status(t, tenant).Lag == 0 }, 3*time.Second, 5*time.Millisecond)
			require.Equal(t, upTo(6), f.applied(t, tenant), "skip events are not applied")
			require.Nil(t, f.status(t, tenant).StoppedAt)
			require.EqualValues(t, 8, f.status(t, tenant).SequenceID)
			require.Eventually(t, func() bool { return len(f.applied(t, "other")) == 1 }, 10*time.Second, 5*time.Millisecond)
		})
	}
}

func TestSkipHoldsForARebuild(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, tenant, `{}`, `"poison"`, `{}`)
	require.ErrorAs(t, f.runner(Config{}).CatchUp(t.Context()), new(*projections.StoppedError))
	f.skip(t, "diary", 2)
	for range 2 {
		pgtest.Exec(t, f.pool, "truncate applied, projection_checkpoints")
		require.NoError(t, f.runner(Config{}).CatchUp(t.Context()))
		require.Equal(t, upTo(3), f.applied(t, tenant))
	}
}

func TestSkipIsAnEventOfItsOwn(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, tenant, `{}`, `"poison"`)
	require.ErrorAs(t, f.runner(Config{}).CatchUp(t.Context()), new(*projections.StoppedError))
	said := f.skip(t, "diary", 2)
	events, _, err := f.log.ReadStream(t.Context(), tenant, projections.SkipStream("diary"), 1, eventstore.Forwards, 10)
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Equal(t, "projection_event_skipped", events[0].Type)
	poison, err := f.log.ReadLog(t.Context(), tenant, 1, eventstore.Filter{}, 1)
	require.NoError(t, err)
	var s projections.Skipped
	require.NoError(t, json.Unmarshal(events[0].Payload, &s))
	require.Equal(t, projections.Skipped{Projection: "diary", SequenceID: 2, EventID: poison.Events[0].ID}, s)
	meta, err := events[0].Meta()
	require.NoError(t, err)
	require.Equal(t, "ops", meta.Actor)
	require.Equal(t, "beyond repair", events[0].Reason())

	require.NoError(t, f.runner(Config{}).CatchUp(t.Context()))
	require.Equal(t, said, f.skip(t, "diary", 2), "a repeated skip changes nothing, though the projection is not stopped any more")
	events, _, err = f.log.ReadStream(t.Context(), tenant, projections.SkipStream("diary"), 1, eventstore.Forwards, 10)
	require.NoError(t, err)
	require.Len(t, events, 1)
}

func TestSkipRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, tenant, `{}`, `"poison"`, `{}`)
	f.append(t, "other", `{}`, `{}`)
	require.ErrorAs(t, f.runner(Config{}).CatchUp(t.Context()), new(*projections.StoppedError))
	for name, c := range map[string]struct {
		tenant     domain.Tenant
		projection string
		sequenceID int64
		reason     string
		kind       domain.Kind
		says       string
	}{
		"without a reason":             {tenant, "diary", 2, "", domain.Invalid, "reason"},
		"an event that was applied":    {tenant, "diary", 1, "x", domain.Conflict, "stopped at event 2, not at 1"},
		"an event that is not due":     {tenant, "diary", 3, "x", domain.Conflict, "stopped at event 2, not at 3"},
		"a tenant that is not stuck":   {"other", "diary", 2, "x", domain.Conflict, "is not stopped"},
		"a projection that is not":     {tenant, "dairy", 2, "x", domain.NotFound, "has no projection dairy"},
		"a tenant that does not exist": {"nobody", "diary", 2, "x", domain.NotFound, "tenant nobody"},
	} {
		_, err := projections.Skip(t.Context(), f.pool, f.writer, c.tenant, c.projection, c.sequenceID, domain.Meta{}, c.reason)
		require.ErrorContains(t, err, c.says, name)
		require.Equal(t, c.kind, domain.KindOf(err), name)
	}
	head, err := f.log.Head(t.Context(), tenant)
	require.NoError(t, err)
	require.EqualValues(t, 3, head.SequenceID)
}

// A skip counts only in the stream of its projection, and in a schema version that this program knows. Other events in
// that stream stop nothing.
func TestAnEventThatOnlyLooksLikeASkipSkipsNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, tenant, `{}`, `"poison"`)
	payload := canonjson.MustParse(`{"projection":"diary","sequence_id":2,"event_id":"` + uuid.NewString() + `"}`)
	for stream, version := range map[uuid.UUID]int{uuid.New(): 1, projections.SkipStream("diary"): 2} {
		_, err := f.writer.Append(t.Context(), eventstore.Command{Tenant: tenant, Writes: []eventstore.StreamAppend{{
			StreamID: stream, Category: eventstore.CategoryProjection, Events: []eventstore.NewEvent{{
				ID: uuid.New(), Type: projections.EventSkipped, SchemaVersion: version, Payload: payload, OccurredAt: time.Now(),
			}},
		}}})
		require.NoError(t, err)
	}
	for range 2 {
		var stopped *projections.StoppedError
		require.ErrorAs(t, f.runner(Config{}).CatchUp(t.Context()), &stopped)
		require.EqualValues(t, 2, stopped.SequenceID)
	}
	f.skip(t, "diary", 2)
	require.NoError(t, f.runner(Config{}).CatchUp(t.Context()))
	require.Equal(t, upTo(2), f.applied(t, tenant))
	require.Zero(t, f.status(t, tenant).Lag)
}

var errUnsendable = errors.New("cannot be sent")

// outbox is a sink that records its deliveries and cannot deliver "unsendable".
type outbox struct {
	mu       sync.Mutex
	sent     []int64
	confused bool
	resumed  int
	away     atomic.Bool

	categories []string
}

func (*outbox) Name() string  { return "outbox" }
func (*outbox) Version() int  { return 1 }
func (*outbox) After() string { return "diary" }

func (o *outbox) Categories() []string { return o.categories }

func (o *outbox) Reachable() bool { return !o.away.Load() }

func (o *outbox) Resume(context.Context, domain.Tenant, int64) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.resumed++
	if o.confused {
		return 0, &projections.TargetError{Err: errUnsendable}
	}
	if len(o.sent) == 0 {
		return 0, nil
	}
	return o.sent[len(o.sent)-1], nil
}

func (o *outbox) Deliver(_ context.Context, _ domain.Tenant, events []eventstore.Event) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, e := range events {
		if string(e.Payload) == `"unsendable"` {
			return &projections.PoisonError{SequenceID: e.SequenceID, Err: errUnsendable}
		}
		o.sent = append(o.sent, e.SequenceID)
	}
	return nil
}

func TestSkippedEventsAreNotDelivered(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, tenant, `{}`, `"poison"`, `{}`, `"unsendable"`, `{}`)
	projection := f.runner(Config{})
	require.ErrorAs(t, projection.CatchUp(t.Context()), new(*projections.StoppedError))
	f.skip(t, "diary", 2)
	require.NoError(t, projection.CatchUp(t.Context()))

	o := &outbox{}
	r := NewSink(f.pool, f.log, f.watcher, Config{}, o)
	serve := func() { require.NoError(t, r.turn(t.Context(), r.unit(tenant), 0)) }
	serve()
	require.Equal(t, []int64{1, 3}, o.sent)
	require.EqualValues(t, 4, r.unit(tenant).stopped.SequenceID)
	serve()
	require.NotNil(t, r.unit(tenant).stopped)
	f.skip(t, "outbox", 4)
	require.NoError(t, projection.CatchUp(t.Context()))
	serve()
	require.Nil(t, r.unit(tenant).stopped)
	require.Equal(t, []int64{1, 3, 5}, o.sent, "each once, without skipped and skip events")
	require.EqualValues(t, 7, r.unit(tenant).SequenceID)
}

func TestAStopThatNoEventCausedCannotBeSkipped(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, tenant, `{}`)
	require.NoError(t, f.runner(Config{}).CatchUp(t.Context()))
	o := &outbox{}
	require.NoError(t, NewSink(f.pool, f.log, f.watcher, Config{}, o).CatchUp(t.Context()))
	o.confused, o.resumed = true, 0
	r := NewSink(f.pool, f.log, f.watcher, Config{}, o)
	serve := func() { require.NoError(t, r.turn(t.Context(), r.unit(tenant), 0)) }
	serve()
	require.ErrorContains(t, r.units.stopped(), "stopped: "+errUnsendable.Error())
	for sequenceID := range int64(3) {
		_, err := projections.Skip(t.Context(), f.pool, f.writer, tenant, "outbox", sequenceID, domain.Meta{}, "x")
		require.ErrorContains(t, err, "no event caused it")
		require.Equal(t, domain.Conflict, domain.KindOf(err))
	}
	all, err := projections.ReadStatus(t.Context(), f.pool)
	require.NoError(t, err)
	i := slices.IndexFunc(all, func(s projections.Status) bool { return s.Projection == "outbox" })
	require.Equal(t, projections.Stopped, all[i].State)
	require.Equal(t, errUnsendable.Error(), all[i].StoppedReason)
	require.Zero(t, *all[i].StoppedAt)

	f.append(t, tenant, `{}`)
	serve()
	require.NotNil(t, r.unit(tenant).stopped)
	require.Equal(t, 1, o.resumed, "the target is not asked again")

	o.confused = false
	require.NoError(t, NewSink(f.pool, f.log, f.watcher, Config{Holder: r.config.Holder}, o).CatchUp(t.Context()))
	all, err = projections.ReadStatus(t.Context(), f.pool)
	require.NoError(t, err)
	require.Nil(t, all[i].StoppedAt, "even without an event to deliver")
}

// An acquisition can commit although it was cancelled. If the unit is not behind, only the lease shows that there is work:
// to ask the target for its position.
func TestAnUnknownLeaseOfOursIsUsed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, tenant, `{}`)
	require.NoError(t, f.runner(Config{}).CatchUp(t.Context()))
	o := &outbox{}
	r := NewSink(f.pool, f.log, f.watcher, Config{Holder: "us"}, o)
	require.NoError(t, r.CatchUp(t.Context()))
	require.Equal(t, 1, o.resumed)
	o.sent = nil // the target has lost its events
	pgtest.Exec(t, f.pool, "update projection_checkpoints set lease_holder = 'us', lease_until = 'infinity' where projection = 'outbox'")
	require.NoError(t, r.CatchUp(t.Context()))
	require.Equal(t, 2, o.resumed)
	require.Equal(t, []int64{1}, o.sent)
}

// stubborn is a diary that can apply neither an event nor its placeholder.
type stubborn struct {
	diary
	prepared *atomic.Int64
}

func (s stubborn) Prepare(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) (projections.Write, error) {
	for _, e := range events {
		if e.SequenceID == 2 {
			s.prepared.Add(1)
			return nil, &projections.PoisonError{SequenceID: e.SequenceID, Err: errUnsendable}
		}
	}
	return s.diary.Prepare(ctx, tenant, events)
}

func TestAPlaceholderThatCannotBeAppliedStopsTheProjectionAgain(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.append(t, tenant, `{}`, `{}`, `{}`)
	prepared := &atomic.Int64{}
	r := New(f.pool, f.log, f.watcher, Config{Timeout: 5 * time.Second}, stubborn{prepared: prepared})
	require.ErrorAs(t, r.CatchUp(t.Context()), new(*projections.StoppedError))
	f.skip(t, "diary", 2)
	prepared.Store(0)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var stopped *projections.StoppedError
	require.ErrorAs(t, r.CatchUp(ctx), &stopped)
	require.EqualValues(t, 2, stopped.SequenceID)
	require.LessOrEqual(t, prepared.Load(), int64(5), "the skip is not repeated for ever")
	require.Equal(t, upTo(1), f.applied(t, tenant))
}
