package commands_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// clock is set by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type fixture struct {
	*commands.Handler
	log    *eventstore.Log
	writer *writer.Writer
	clock  *clock
}

func setup(t *testing.T) fixture {
	t.Helper()
	pool := pgtest.New(t)
	log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
	t.Cleanup(appends.Close)
	c := &clock{now: noon}
	return fixture{Handler: commands.New(log, appends, commands.Config{Now: c.Now}), log: log, writer: appends, clock: c}
}

func req() commands.Request {
	return commands.Request{Tenant: domain.DefaultTenant, Meta: domain.Meta{Actor: "test"}}
}

func withID(id string) commands.Request {
	r := req()
	r.Meta.CommandID = id
	return r
}

func expecting(version int) commands.Request {
	r := req()
	r.ExpectedVersion = version
	return r
}

func tea() commands.Remember {
	return commands.Remember{Draft: memory.Draft{AgentID: "coach", UserID: "ana", Content: canonjson.MustParse(`{"likes":"tea"}`)}}
}

func (f fixture) remember(t *testing.T) uuid.UUID {
	t.Helper()
	return must(t)(f.Remember(t.Context(), req(), tea())).ID
}

// must takes the answer of a command that must succeed.
func must(t *testing.T) func(commands.Receipt, error) commands.Receipt {
	return func(r commands.Receipt, err error) commands.Receipt {
		t.Helper()
		require.NoError(t, err)
		return r
	}
}

// stream returns the events of a memory, and the memory folded from them.
func (f fixture) stream(t *testing.T, id uuid.UUID) ([]eventstore.Event, memory.Snapshot) {
	t.Helper()
	events, _, err := f.log.ReadStream(t.Context(), domain.DefaultTenant, id, 1, eventstore.Forwards, 1000)
	require.NoError(t, err)
	m := &memory.Memory{}
	for _, e := range events {
		fact, err := memory.Decode(e.Type, e.SchemaVersion, e.Payload, e.Contents)
		require.NoError(t, err)
		m.Apply(id, fact, e.OccurredAt)
	}
	return events, m.Snapshot()
}

func (f fixture) head(t *testing.T) int64 {
	t.Helper()
	head, err := f.log.Head(t.Context(), domain.DefaultTenant)
	require.NoError(t, err)
	return head.SequenceID
}

// wait waits for concurrent commands; it fails if they hang.
func wait(t *testing.T, wg *sync.WaitGroup) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		require.FailNow(t, "concurrent commands do not end")
	}
}
