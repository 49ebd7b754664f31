package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"github.com/auren-memory/auren/cmd/internal/config"
	"github.com/auren-memory/auren/cmd/internal/proctest"
	"github.com/auren-memory/auren/cmd/internal/stack"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections/fanout"
)

const (
	// asSubscriber makes a process of the tests the example itself, so that it can be killed.
	asSubscriber = "AUREN_TEST_AS_SUBSCRIBER"
	patience     = 2 * time.Minute
	tick         = 5 * time.Millisecond
)

func TestMain(m *testing.M) {
	if os.Getenv(asSubscriber) != "" {
		main()
		return
	}
	pgtest.Main(m)
}

// auren is AUREN on a database and a NATS server of its own.
type auren struct {
	*stack.Stack
	js jetstream.JetStream
}

func setup(t *testing.T) auren {
	t.Helper()
	settings := stack.Settings{
		Config: config.Config{DSN: config.DSN(pgtest.DSN(t)), NATSAddr: "127.0.0.1:0", HTTPAddr: "127.0.0.1:0", DataDir: t.TempDir()},
		Log:    zap.NewNop(), Stderr: terminal.New(t.Output()),
	}
	running := stack.NewLifecycle(settings.Log)
	t.Cleanup(func() { require.NoError(t, running.Stop()) })
	s, err := settings.StartStack(t.Context(), running)
	require.NoError(t, err)
	conn, err := nats.Connect(s.NATSURL)
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	return auren{s, js}
}

func (s auren) remember(t *testing.T, content string, n int) {
	t.Helper()
	for range n {
		_, err := s.Handler.Remember(t.Context(), commands.Request{Tenant: domain.DefaultTenant, Meta: domain.Meta{Actor: "ana"}},
			commands.Remember{Draft: memory.Draft{AgentID: "coach", UserID: "ana", Content: canonjson.Text(content)}})
		require.NoError(t, err)
	}
}

// subscribe starts the example.
func (s auren) subscribe(t *testing.T, ledger string) *proctest.Process {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	return proctest.Start(t, proctest.Config{
		Program:  program,
		Env:      []string{asSubscriber + "=1", "AUREN_NATS_URL=" + s.NATSURL, "AUREN_URL=" + s.URL(), "LEDGER=" + ledger},
		Patience: patience,
	})
}

// lines is what the ledger holds, without a line that is being written.
func lines(t *testing.T, ledger string) [][]byte {
	t.Helper()
	content, err := os.ReadFile(ledger)
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	all := bytes.Split(content, []byte("\n"))
	return all[:len(all)-1]
}

// write adds to the ledger behind the subscriber's back.
func write(t *testing.T, ledger, text string) {
	t.Helper()
	file, err := os.OpenFile(ledger, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString(text)
	require.NoError(t, err)
	require.NoError(t, file.Close())
}

func waitFor(t *testing.T, ledger string, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return len(lines(t, ledger)) >= n }, patience, tick, "%d events in the ledger", n)
}

// requireWhole holds the ledger equal to the log: each event once, in order, as it is there.
func (s auren) requireWhole(t *testing.T, ledger string) {
	t.Helper()
	head, err := s.Events.Head(t.Context(), domain.DefaultTenant)
	require.NoError(t, err)
	waitFor(t, ledger, int(head.SequenceID))
	var after int64
	for i, line := range lines(t, ledger) {
		page, err := s.Events.ReadLog(t.Context(), domain.DefaultTenant, after, eventstore.Filter{Categories: []string{eventstore.AllCategories}}, 1)
		require.NoError(t, err)
		require.NotEmpty(t, page.Events, "line %d is of no event", i+1)
		expected, err := json.Marshal(page.Events[0])
		require.NoError(t, err)
		require.JSONEq(t, string(expected), string(line))
		after++
	}
	require.Equal(t, head.SequenceID, after)
}

func TestKilledSubscriberLosesNothingAndAppliesNothingTwice(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.remember(t, "x", 1) // there is a stream
	ledger := filepath.Join(t.TempDir(), "ledger.jsonl")
	require.Eventually(t, func() bool { _, err := s.js.Stream(t.Context(), fanout.Stream); return err == nil }, patience, tick)
	for round := range 6 {
		subscriber := s.subscribe(t, ledger)
		s.remember(t, fmt.Sprintf("round %d", round), 150)
		waitFor(t, ledger, round*200+50)
		subscriber.Kill()
		s.remember(t, "while nobody listens", 50)
	}
	// As a crash in the middle of a write leaves it.
	write(t, ledger, `{"sequence_id": 99`)
	s.subscribe(t, ledger)
	s.remember(t, "at the end", 10)
	s.requireWhole(t, ledger)
}

func TestSubscriberFillsGapsFromTheLog(t *testing.T) {
	t.Parallel()
	s := setup(t)
	ledger := filepath.Join(t.TempDir(), "ledger.jsonl")
	s.remember(t, "before its time", 700)
	var stream jetstream.Stream
	require.Eventually(t, func() bool {
		var err error
		stream, err = s.js.Stream(t.Context(), fanout.Stream)
		return err == nil && stream.CachedInfo().State.Msgs == 700
	}, patience, tick)
	// What the stream keeps is less than what was missed, at the beginning and while the subscriber is away.
	require.NoError(t, stream.Purge(t.Context(), jetstream.WithPurgeKeep(10)))
	subscriber := s.subscribe(t, ledger)
	waitFor(t, ledger, 700)
	subscriber.Kill()
	// The stream never has what operators did to a read model. The log does.
	_, err := s.Writer.Append(t.Context(), eventstore.Command{Tenant: domain.DefaultTenant, Writes: []eventstore.StreamAppend{{
		StreamID: uuid.New(), Category: eventstore.CategoryProjection,
		Events: []eventstore.NewEvent{{ID: uuid.New(), Type: "projection_operated", SchemaVersion: 1, OccurredAt: time.Now()}},
	}}})
	require.NoError(t, err)
	s.remember(t, "missed", 40)
	require.Eventually(t, func() bool {
		info, err := stream.Info(t.Context())
		return err == nil && info.State.Msgs == 10+40
	}, patience, tick)
	require.NoError(t, stream.Purge(t.Context(), jetstream.WithPurgeKeep(5)))
	s.subscribe(t, ledger)
	s.requireWhole(t, ledger)
}

func TestSubscriberIsNotTroubledByAStreamThatIsFilledAnew(t *testing.T) {
	t.Parallel()
	s := setup(t)
	ledger := filepath.Join(t.TempDir(), "ledger.jsonl")
	s.remember(t, "x", 100)
	s.subscribe(t, ledger)
	waitFor(t, ledger, 100)
	require.NoError(t, s.js.DeleteStream(t.Context(), fanout.Stream))
	s.remember(t, "makes the relay look", 20)
	s.requireWhole(t, ledger)
}

// As after the database was restored from a backup, and written to since.
func TestSubscriberStopsWhereItAppliedWhatTheLogDoesNotHold(t *testing.T) {
	t.Parallel()
	s := setup(t)
	ledger := filepath.Join(t.TempDir(), "ledger.jsonl")
	s.remember(t, "x", 2)
	subscriber := s.subscribe(t, ledger)
	waitFor(t, ledger, 2)
	subscriber.Kill()
	gone := `{"tenant_id":"default","sequence_id":3,"event_id":"01a22029-a2fa-7000-8000-000000000000"}` + "\n"
	write(t, ledger, gone)
	s.remember(t, "in the place of what is gone", 3)
	subscriber = s.subscribe(t, ledger)
	require.Equal(t, 1, subscriber.Code())
	require.Contains(t, subscriber.Stderr.String(), "the log has another history than what was applied: event 3 is ")
	require.Len(t, lines(t, ledger), 3, "nothing is applied after it")
}

func TestLedgerOfAnotherTenantIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(`{"tenant_id":"north","sequence_id":1,"event_id":"a"}`+"\n"), 0o600))
	_, err := openLedger(path, "south")
	require.ErrorContains(t, err, `event 1 is of tenant "north", expected "south"`)
}
