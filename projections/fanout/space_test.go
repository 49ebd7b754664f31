package fanout_test

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/fanout"
	"github.com/auren-memory/auren/projections/runner"
)

// catchUp relays all events with a relay of its own, one tenant after the other.
func (f fixture) catchUp(t *testing.T, config fanout.Config) {
	t.Helper()
	relay, err := fanout.New(f.pool, f.log, f.conn, config)
	require.NoError(t, err)
	f.catchUpWith(t, relay)
}

func (f fixture) catchUpWith(t *testing.T, relay *fanout.Relay) {
	t.Helper()
	f.project(t)
	running := runner.NewSink(f.pool, f.log, f.watcher(projections.Channel), runner.Config{Concurrency: 1}, relay)
	require.NoError(t, running.CatchUp(t.Context()))
}

// stored returns how many messages were stored since the stream was created.
func (f fixture) stored(t *testing.T) int {
	t.Helper()
	stream, err := f.js.Stream(t.Context(), fanout.Stream)
	require.NoError(t, err)
	info := stream.CachedInfo()
	return int(info.State.LastSeq - info.Config.FirstSeq + 1)
}

func TestBacklogsLargerThanTheStreamAreRelayedOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	config := fanout.Config{MaxBytes: 8 * mib}
	for range 3 {
		f.rememberLarge(t, "one", 16)
		f.rememberLarge(t, "two", 16)
	}
	f.catchUp(t, config)
	for n := range 3 {
		for i, name := range []domain.Tenant{"one", "two"} {
			f.remember(t, name, 1)
			f.catchUp(t, config)
			require.Equal(t, 96+2*n+i+1, f.stored(t))
		}
	}
}

func TestAStreamTooSmallForAllIsRefilledOnceAfterALoss(t *testing.T) {
	t.Parallel()
	for loss, lose := range map[string]func(*testing.T, fixture){
		"deleted": func(t *testing.T, f fixture) { require.NoError(t, f.js.DeleteStream(t.Context(), fanout.Stream)) },
		"purged": func(t *testing.T, f fixture) {
			stream, err := f.js.Stream(t.Context(), fanout.Stream)
			require.NoError(t, err)
			require.NoError(t, stream.Purge(t.Context()))
		},
	} {
		t.Run(loss, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			var tenants []domain.Tenant
			for i := range 6 {
				tenants = append(tenants, domain.Tenant(fmt.Sprint("t", i)))
				f.rememberLarge(t, tenants[i], 8)
			}
			relay, err := fanout.New(f.pool, f.log, f.conn, fanout.Config{MaxBytes: 8 * mib})
			require.NoError(t, err)
			round := func() {
				for _, name := range tenants {
					f.remember(t, name, 1)
					f.catchUpWith(t, relay)
				}
			}
			round()
			require.Equal(t, 54, f.stored(t))

			before := f.stored(t)
			lose(t, f)
			if loss == "deleted" {
				before = 0
			}
			round()
			require.Equal(t, before+54+6, f.stored(t), "each tenant is refilled once")
			for n := range 3 {
				round()
				require.Equal(t, before+60+6*(n+1), f.stored(t), "only new events are relayed")
			}
		})
	}
}

func TestAStreamFullAgainAfterALossRefillsEveryTenant(t *testing.T) {
	t.Parallel()
	for _, purged := range []bool{true, false} {
		t.Run(fmt.Sprintf("purged %v", purged), func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			config := fanout.Config{MaxBytes: 12 * mib}
			relay, err := fanout.New(f.pool, f.log, f.conn, config)
			require.NoError(t, err)
			for range 2 {
				f.rememberLarge(t, tenant, 16)
				f.catchUpWith(t, relay)
			}
			f.remember(t, "other", 5)
			f.catchUpWith(t, relay)
			stream, err := f.js.Stream(t.Context(), fanout.Stream)
			require.NoError(t, err)
			if purged {
				require.NoError(t, stream.Purge(t.Context()))
			} else {
				require.NoError(t, f.js.DeleteStream(t.Context(), fanout.Stream))
			}
			// One tenant fills the stream before the other has its turn.
			after, err := relay.Resume(t.Context(), tenant, 32)
			require.NoError(t, err)
			page, err := f.log.ReadLog(t.Context(), tenant, after, eventstore.Filter{}, 100)
			require.NoError(t, err)
			require.NoError(t, relay.Deliver(t.Context(), tenant, page.Events))
			if !purged {
				// Every relay sees when the stream was created.
				relay, err = fanout.New(f.pool, f.log, f.conn, config)
				require.NoError(t, err)
			}
			f.catchUpWith(t, relay)
			f.requireRelayed(t, "other", 0, 5)
		})
	}
}

func TestAStreamAtItsMessageLimitIsFull(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for _, name := range []domain.Tenant{"one", "two"} {
		f.remember(t, name, 60)
		f.catchUp(t, fanout.Config{})
	}
	stream, err := f.js.Stream(t.Context(), fanout.Stream)
	require.NoError(t, err)
	limited := stream.CachedInfo().Config
	limited.MaxMsgs = 50
	_, err = f.js.UpdateStream(t.Context(), limited)
	require.NoError(t, err)
	f.remember(t, "one", 1)
	f.catchUp(t, fanout.Config{})
	f.requireRelayed(t, "one", 60, 61)
	f.requireRelayed(t, "two", 11, 60)
}

// A full stream drops its oldest messages first: older messages that are still there show that space was not the cause.
func TestATenantLostFromAFullStreamOutOfTurnIsRefilled(t *testing.T) {
	t.Parallel()
	f := setup(t)
	config := fanout.Config{MaxBytes: 8 * mib}
	f.rememberLarge(t, tenant, 16)
	f.catchUp(t, config)
	f.remember(t, "other", 5)
	f.catchUp(t, config)
	stream, err := f.js.Stream(t.Context(), fanout.Stream)
	require.NoError(t, err)
	require.NoError(t, stream.Purge(t.Context(), jetstream.WithPurgeSubject("auren.evt.other.>")))
	pgtest.Exec(t, f.pool, "update projection_checkpoints set updated_at = updated_at + interval '1 hour'")
	f.remember(t, "other", 1)
	f.catchUp(t, config)
	f.requireRelayed(t, "other", 0, 6)
}
