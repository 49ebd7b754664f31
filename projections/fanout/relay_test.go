package fanout_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/agentmemories"
	"github.com/auren-memory/auren/projections/fanout"
	"github.com/auren-memory/auren/projections/runner"
)

const tenant = domain.DefaultTenant

type fixture struct {
	pool    *pgxpool.Pool
	log     *eventstore.Log
	writer  *writer.Writer
	handler *commands.Handler
	conn    *nats.Conn
	js      jetstream.JetStream
}

func setup(t *testing.T) fixture {
	t.Helper()
	pool := pgtest.New(t)
	log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
	t.Cleanup(appends.Close)
	server, err := standalone.StartNATS(standalone.NATSConfig{DataDir: t.TempDir(), Addr: "127.0.0.1:0"})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	conn, err := nats.Connect(server.URL())
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	return fixture{pool: pool, log: log, writer: appends, handler: commands.New(log, appends, commands.Config{}), conn: conn, js: js}
}

func (f fixture) remember(t *testing.T, tenant domain.Tenant, n int) {
	t.Helper()
	batch := make([]commands.Remember, n)
	for i := range batch {
		batch[i] = commands.Remember{Draft: memory.Draft{AgentID: "coach", UserID: "ana.b *>é", Content: canonjson.MustParse(`"text"`)}}
	}
	_, err := f.handler.RememberBatch(t.Context(), commands.Request{Tenant: tenant, Meta: domain.Meta{Actor: "ana b"}}, batch)
	require.NoError(t, err)
}

func (f fixture) watcher(channel string) *eventstore.Watcher {
	return eventstore.NewWatcher(f.pool, channel, zap.NewNop())
}

func (f fixture) project(t *testing.T) {
	t.Helper()
	r := runner.New(f.pool, f.log, f.watcher(eventstore.LogChannel), runner.Config{}, agentmemories.Projection{})
	require.NoError(t, r.CatchUp(t.Context()))
}

func (f fixture) relay(t *testing.T) *fanout.Relay {
	t.Helper()
	relay, err := fanout.New(f.pool, f.log, f.conn, fanout.Config{})
	require.NoError(t, err)
	return relay
}

func (f fixture) runner(t *testing.T, config runner.Config) *runner.Runner {
	t.Helper()
	return runner.NewSink(f.pool, f.log, f.watcher(projections.Channel), config, f.relay(t))
}

// messages reads all messages of a tenant. It retries while the servers elect a leader and answer late or not at all.
func (f fixture) messages(t *testing.T, tenant domain.Tenant) []jetstream.Msg {
	t.Helper()
	var all []jetstream.Msg
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		var err error
		all, err = f.readStream(t.Context(), "auren.evt."+fanout.EscapeToken(string(tenant))+".>")
		require.NoError(c, err)
	}, patience, 20*time.Millisecond)
	return all
}

// readStream reads the messages of a subject, as many as the leader of the stream holds.
func (f fixture) readStream(ctx context.Context, subject string) ([]jetstream.Msg, error) {
	stream, err := f.js.Stream(ctx, fanout.Stream)
	if err != nil {
		return nil, err
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(subject))
	if err != nil {
		return nil, err
	}
	var held uint64
	for _, n := range info.State.Subjects {
		held += n
	}
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		FilterSubject: subject, AckPolicy: jetstream.AckNonePolicy, InactiveThreshold: time.Minute,
	})
	if err != nil {
		return nil, err
	}
	if pending := consumer.CachedInfo().NumPending; pending < held {
		return nil, fmt.Errorf("the server is behind: %d messages of %d", pending, held)
	}
	var all []jetstream.Msg
	for left := int(consumer.CachedInfo().NumPending); len(all) < left; {
		// The client drops pending messages beyond 64 MiB.
		batch, err := consumer.Fetch(min(left-len(all), 100), jetstream.FetchMaxWait(5*time.Second))
		if err != nil {
			return nil, err
		}
		for m := range batch.Messages() {
			all = append(all, m)
		}
		if err := batch.Error(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// requireRelayed requires the stream to equal the log: the events after a sequence_id, each once, in order.
func (f fixture) requireRelayed(t *testing.T, tenant domain.Tenant, after, head int64) {
	t.Helper()
	var expected, actual []string
	for n := after + 1; n <= head; n++ {
		expected = append(expected, fmt.Sprint(n))
	}
	for _, m := range f.messages(t, tenant) {
		actual = append(actual, m.Headers()["ce-sequenceid"][0])
	}
	require.Equal(t, expected, actual)
}

// requireAllRelayed is requireRelayed for whole logs.
func (f fixture) requireAllRelayed(t *testing.T, tenants ...domain.Tenant) {
	t.Helper()
	for _, tenant := range tenants {
		head, err := f.log.Head(t.Context(), tenant)
		require.NoError(t, err)
		f.requireRelayed(t, tenant, 0, head.SequenceID)
	}
}

func TestAMessageIsTheEventAsACloudEvent(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r, err := f.handler.Remember(t.Context(), commands.Request{
		Tenant: tenant, Meta: domain.Meta{Actor: "ana", CorrelationID: "c1", CausationID: "c0"},
	}, commands.Remember{Draft: memory.Draft{AgentID: "coach", UserID: "ana.b *>é", Content: canonjson.MustParse(`"<&>"`)}})
	require.NoError(t, err)
	// No command takes control characters; a message has them encoded all the same.
	pgtest.Exec(t, f.pool, "grant update on events to current_user; "+`
		alter table events disable trigger events_immutable;
		update events set metadata = jsonb_set(metadata::jsonb, '{actor}', '"ana 100%\r\nx: é"')`)
	f.project(t)
	require.NoError(t, f.runner(t, runner.Config{}).CatchUp(t.Context()))

	all := f.messages(t, tenant)
	require.Len(t, all, 1)
	m := all[0]
	require.Equal(t, "auren.evt.default.coach.ana=2Eb=20=2A=3E=C3=A9.memory_remembered", m.Subject())
	events, _, err := f.log.ReadStream(t.Context(), tenant, r.ID, 1, eventstore.Forwards, 1)
	require.NoError(t, err)
	for name, value := range map[string]string{
		"Nats-Msg-Id": r.EventID.String(), "ce-specversion": "1.0", "ce-id": r.EventID.String(), "ce-type": "memory_remembered",
		"ce-source": "/auren/default", "ce-subject": r.ID.String(), "ce-time": events[0].OccurredAt.Format(time.RFC3339Nano),
		"ce-recordedtime": events[0].CreatedAt.Format(time.RFC3339Nano), "ce-datacontenttype": "application/json",
		"ce-tenant": "default", "ce-sequenceid": "1", "ce-version": "1", "ce-actor": "ana%20100%25%0D%0Ax:%20%C3%A9",
		"ce-correlationid": "c1", "ce-causationid": "c0",
	} {
		require.Equal(t, []string{value}, m.Headers()[name], name)
	}
	require.NotContains(t, m.Headers(), "ce-traceparent")
	expected, err := json.Marshal(events[0])
	require.NoError(t, err)
	require.JSONEq(t, string(expected), string(m.Data()))
	require.Contains(t, string(m.Data()), "<&>")
}

func TestEventsAreRelayedOnceInOrderAfterTheirProjection(t *testing.T) {
	t.Parallel()
	f := setup(t)
	relay := f.runner(t, runner.Config{})
	total := int64(0)
	for _, n := range []int{1, 255, 257, 700, 1} {
		f.remember(t, tenant, n)
		f.remember(t, "other", 3)
		f.project(t)
		projected := total + int64(n)
		f.remember(t, tenant, 2)
		total = projected + 2
		require.NoError(t, relay.CatchUp(t.Context()))
		f.requireRelayed(t, tenant, 0, projected)
		f.project(t)
		require.NoError(t, relay.CatchUp(t.Context()))
		f.requireRelayed(t, tenant, 0, total)
	}
	f.requireRelayed(t, "other", 0, 15)
}

func TestACheckpointLeftBehindRepeatsNoMessage(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.remember(t, tenant, 10)
	f.project(t)
	require.NoError(t, f.runner(t, runner.Config{}).CatchUp(t.Context()))
	// As after a crash between the delivery and the checkpoint's move, longer ago than the deduplication window.
	pgtest.Exec(t, f.pool, "update projection_checkpoints set sequence_id = 3 where projection = 'fanout'")
	f.remember(t, tenant, 2)
	f.project(t)
	require.NoError(t, f.runner(t, runner.Config{}).CatchUp(t.Context()))
	f.requireRelayed(t, tenant, 0, 12)
}

func TestConcurrentRelaysSendEachEventOnceInOrder(t *testing.T) {
	t.Parallel()
	f := setup(t)
	relays := []*fanout.Relay{f.relay(t), f.relay(t)}
	f.remember(t, tenant, 900)
	page, err := f.log.ReadLog(t.Context(), tenant, 0, eventstore.Filter{}, 1000)
	require.NoError(t, err)
	// Without leases, both believe that they lead all the time.
	var running sync.WaitGroup
	for i, r := range relays {
		running.Go(func() {
			for {
				after, err := r.Resume(t.Context(), tenant, 0)
				if err != nil {
					panic(err)
				}
				if after == int64(len(page.Events)) {
					return
				}
				n := min(after+int64(1+i*3), int64(len(page.Events)))
				_ = r.Deliver(t.Context(), tenant, page.Events[after:n])
			}
		})
	}
	running.Wait()
	f.requireRelayed(t, tenant, 0, 900)
}

func TestAStaleRelayIsRejected(t *testing.T) {
	t.Parallel()
	f := setup(t)
	stale, next := f.relay(t), f.relay(t)
	f.remember(t, tenant, 20)
	page, err := f.log.ReadLog(t.Context(), tenant, 0, eventstore.Filter{}, 100)
	require.NoError(t, err)
	_, err = stale.Resume(t.Context(), tenant, 0)
	require.NoError(t, err)
	_, err = next.Resume(t.Context(), tenant, 0)
	require.NoError(t, err)
	require.NoError(t, next.Deliver(t.Context(), tenant, page.Events[:10]))
	for _, n := range []int{1, 10, 20} {
		require.Error(t, stale.Deliver(t.Context(), tenant, page.Events[:n]))
	}
	// Even if it believes that the stream is empty.
	require.Error(t, stale.Deliver(t.Context(), tenant, page.Events[10:]))
	f.requireRelayed(t, tenant, 0, 10)
}

func TestAStreamOfAnotherHistoryStopsTheTenant(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.remember(t, tenant, 3)
	page, err := f.log.ReadLog(t.Context(), tenant, 0, eventstore.Filter{}, 10)
	require.NoError(t, err)
	foreign := page.Events[2]
	foreign.ID = uuid.New()
	relay := f.relay(t)
	_, err = relay.Resume(t.Context(), tenant, 0)
	require.NoError(t, err)
	require.NoError(t, relay.Deliver(t.Context(), tenant, []eventstore.Event{foreign}))
	f.project(t)
	var stopped *projections.StoppedError
	require.ErrorAs(t, f.runner(t, runner.Config{}).CatchUp(t.Context()), &stopped)
	require.Contains(t, stopped.Reason, "not of one history")
	require.Len(t, f.messages(t, tenant), 1)
}

func TestAnOversizedEventIsRelayedWithoutItsPayload(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.remember(t, tenant, 1)
	page, err := f.log.ReadLog(t.Context(), tenant, 0, eventstore.Filter{}, 1)
	require.NoError(t, err)
	large := json.RawMessage(`"` + strings.Repeat("x", int(f.conn.MaxPayload())) + `"`)
	inPayload, inContents := page.Events[0], page.Events[0]
	inPayload.Payload, inContents.Contents = large, large
	relay := f.relay(t)
	_, err = relay.Resume(t.Context(), tenant, 0)
	require.NoError(t, err)
	for i, e := range []eventstore.Event{inPayload, inContents} {
		e.ID = uuid.New()
		require.NoError(t, relay.Deliver(t.Context(), tenant, []eventstore.Event{e}))
		m := f.messages(t, tenant)[i]
		require.Equal(t, []string{"/v1/events?after=0&limit=1"}, m.Headers()["ce-dataref"])
		require.Contains(t, string(m.Data()), `"payload":null,"contents":null`)
	}
}

func TestTheRelayResumesWhenNATSIsBack(t *testing.T) {
	config := pgtest.New(t).Config()
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	defer pool.Close()
	log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
	dir := t.TempDir()
	server, err := standalone.StartNATS(standalone.NATSConfig{DataDir: dir, Addr: "127.0.0.1:0"})
	require.NoError(t, err)
	conn, err := nats.Connect(server.URL(), nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond))
	require.NoError(t, err)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	f := fixture{pool: pool, log: log, writer: appends, handler: commands.New(log, appends, commands.Config{}), conn: conn, js: js}
	relay, err := fanout.New(pool, log, conn, fanout.Config{Timeout: 200 * time.Millisecond})
	require.NoError(t, err)

	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		_ = runner.NewSink(pool, log, f.watcher(projections.Channel), runner.Config{Poll: 10 * time.Millisecond}, relay).Run(ctx)
	})
	f.remember(t, tenant, 300)
	f.project(t)
	addr := strings.TrimPrefix(server.URL(), "nats://")
	server.Stop()
	f.remember(t, tenant, 300)
	f.project(t) // does not need NATS
	server, err = standalone.StartNATS(standalone.NATSConfig{DataDir: dir, Addr: addr})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		all, err := projections.ReadStatus(t.Context(), pool)
		require.NoError(t, err)
		return slices.ContainsFunc(all, func(s projections.Status) bool { return s.Projection == fanout.Name && s.Lag == 0 })
	}, 30*time.Second, 10*time.Millisecond)
	f.requireRelayed(t, tenant, 0, 600)
	stop()
	running.Wait()
	conn.Close()
	server.Stop()
}

func TestEventsOfOtherCategoriesAreNotRelayed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.remember(t, tenant, 1)
	_, err := f.writer.Append(t.Context(), eventstore.Command{Tenant: tenant, Writes: []eventstore.StreamAppend{{
		StreamID: uuid.New(), Category: "key", Events: []eventstore.NewEvent{{ID: uuid.New(), Type: "key_created", SchemaVersion: 1, OccurredAt: time.Now()}},
	}}})
	require.NoError(t, err)
	for _, last := range []int64{2, 3} {
		f.project(t)
		require.NoError(t, f.runner(t, runner.Config{}).CatchUp(t.Context()))
		require.Len(t, f.messages(t, tenant), int(last-1))
		all, err := projections.ReadStatus(t.Context(), f.pool)
		require.NoError(t, err)
		require.Len(t, all, 2)
		for _, s := range all {
			require.Equal(t, projections.Idle, s.State, s.Projection)
			require.Equal(t, last, s.SequenceID)
		}
		if last == 2 {
			f.remember(t, tenant, 1)
		}
	}
}
