package fanout_test

import (
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/fanout"
	"github.com/auren-memory/auren/projections/runner"
)

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
	_, err := f.pool.Exec(t.Context(), "grant update on events to current_user; "+`
		alter table events disable trigger events_immutable;
		update events set event_id = gen_random_uuid() where sequence_id > 3;
		update projection_checkpoints set sequence_id = 3 where projection = 'fanout'`)
	require.NoError(t, err)
	var stopped *projections.StoppedError
	require.ErrorAs(t, f.runner(t, runner.Config{}).CatchUp(t.Context()), &stopped)
	_, err = projections.Skip(t.Context(), f.pool, f.writer, tenant, fanout.Name, 5, domain.Meta{Actor: "ops"}, "x")
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
