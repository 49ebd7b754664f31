package fanout_test

import (
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/fanout"
	"github.com/auren-memory/auren/projections/runner"
)

// A relay is suspended in mid-delivery. Meanwhile the stream is deleted, and another relay fills the new one up to as many
// messages as the suspended relay knows.
func TestASuspendedRelayIsRejectedByARecreatedStream(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.remember(t, tenant, 13)
	f.remember(t, "other", 5)
	read := func(of domain.Tenant, after int64, n int) []eventstore.Event {
		page, err := f.log.ReadLog(t.Context(), of, after, eventstore.Filter{}, n)
		require.NoError(t, err)
		return page.Events
	}
	resume := func(relay *fanout.Relay, of domain.Tenant, checkpoint, expected int64) {
		after, err := relay.Resume(t.Context(), of, checkpoint)
		require.NoError(t, err)
		require.Equal(t, expected, after)
	}
	sleeper, other := f.relay(t), f.relay(t)
	resume(sleeper, tenant, 0, 0)
	require.NoError(t, sleeper.Deliver(t.Context(), tenant, read(tenant, 0, 10)))

	require.NoError(t, f.js.DeleteStream(t.Context(), fanout.Stream))
	resume(other, "other", 0, 0)
	require.NoError(t, other.Deliver(t.Context(), "other", read("other", 0, 5)))
	resume(other, tenant, 10, 0)
	require.NoError(t, other.Deliver(t.Context(), tenant, read(tenant, 0, 5)))
	require.Error(t, sleeper.Deliver(t.Context(), tenant, read(tenant, 10, 3)))
	require.NoError(t, other.Deliver(t.Context(), tenant, read(tenant, 5, 8)))
	f.requireAllRelayed(t, tenant)
}

func TestAStreamKeepsItsFirstSequence(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.remember(t, tenant, 3)
	f.catchUp(t, fanout.Config{})
	stream, err := f.js.Stream(t.Context(), fanout.Stream)
	require.NoError(t, err)
	began := stream.CachedInfo().Config.FirstSeq
	require.WithinDuration(t, time.Now(), time.UnixMicro(int64(began)), time.Minute)
	f.remember(t, tenant, 3)
	f.catchUp(t, fanout.Config{MaxAge: time.Hour})
	stream, err = f.js.Stream(t.Context(), fanout.Stream)
	require.NoError(t, err)
	require.Equal(t, time.Hour, stream.CachedInfo().Config.MaxAge)
	require.Equal(t, began, stream.CachedInfo().Config.FirstSeq)
	require.Equal(t, began+5, stream.CachedInfo().State.LastSeq)
	f.requireAllRelayed(t, tenant)
}

func TestConcurrentRelaysCreateOneStream(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var making sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		relay := f.relay(t)
		making.Go(func() { _, errs[i] = relay.Resume(t.Context(), tenant, 0) })
	}
	making.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

// A stop that no event caused names no event, whether or not the log has one with the message's sequence_id.
func TestAForeignMessageStopsTheTenantWithoutAnEvent(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.remember(t, tenant, 3)
	f.catchUp(t, fanout.Config{})
	_, err := f.js.Publish(t.Context(), "auren.evt.default.x.y.z", []byte("hello"))
	require.NoError(t, err)
	f.remember(t, tenant, 3)
	f.project(t)
	var stopped *projections.StoppedError
	require.ErrorAs(t, f.runner(t, runner.Config{}).CatchUp(t.Context()), &stopped)
	require.Contains(t, stopped.Reason, "remove it and restart the projectors")
	for sequenceID := range int64(7) {
		_, err = projections.Skip(t.Context(), f.pool, f.writer, tenant, fanout.Name, sequenceID, domain.Meta{Actor: "ops"}, "x")
		require.ErrorContains(t, err, "no event caused it")
	}
	stream, err := f.js.Stream(t.Context(), fanout.Stream)
	require.NoError(t, err)
	require.NoError(t, stream.Purge(t.Context(), jetstream.WithPurgeSubject("auren.evt.default.x.y.z")))
	f.catchUp(t, fanout.Config{})
	f.requireAllRelayed(t, tenant)
}

func TestAStreamOfANewerDatabaseStopsTheTenantWithoutAnEvent(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.remember(t, tenant, 5)
	f.catchUp(t, fanout.Config{})
	// As after a backup of event 3 was restored, and two others came.
	pgtest.Exec(t, f.pool, "grant update on events to current_user; "+`
		alter table events disable trigger events_immutable;
		update events set event_id = gen_random_uuid() where sequence_id > 3;
		update projection_checkpoints set sequence_id = 3 where projection = 'fanout'`)
	var stopped *projections.StoppedError
	require.ErrorAs(t, f.runner(t, runner.Config{}).CatchUp(t.Context()), &stopped)
	_, err := projections.Skip(t.Context(), f.pool, f.writer, tenant, fanout.Name, 5, domain.Meta{Actor: "ops"}, "x")
	require.ErrorContains(t, err, "no event caused it")
	require.NoError(t, f.js.DeleteStream(t.Context(), fanout.Stream))
	f.catchUp(t, fanout.Config{})
	f.requireAllRelayed(t, tenant)
}

func TestTooManyReplicasNameTheSetting(t *testing.T) {
	t.Parallel()
	f := setup(t)
	relay, err := fanout.New(f.pool, f.log, f.conn, fanout.Config{Replicas: 3})
	require.NoError(t, err)
	_, err = relay.Resume(t.Context(), tenant, 0)
	require.ErrorContains(t, err, "AUREN_NATS_REPLICAS must be 1 for a NATS server that is not in a cluster, got 3")
}
