package fanout_test

import (
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest/observer"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/projections/fanout"
)

const mib = 1 << 20

// complained reports whether the relay logged a reason for waiting at least so many times.
func complained(said *observer.ObservedLogs, reason string, times int) func() bool {
	return func() bool {
		n := 0
		for _, entry := range said.All() {
			if cause, _ := entry.ContextMap()["error"].(string); strings.Contains(cause, reason) {
				n++
			}
		}
		return n >= times
	}
}

func TestTheRelayWaitsForRoomForTheStream(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.MaxStore = 16 * mib
	n.start(t)
	f := setupOn(t, n)
	said := f.follow(t, fanout.Config{})
	f.grow(t, 200)
	eventually(t, "it logs why it waits", complained(said, "insufficient storage resources", 2))
	require.Equal(t, int64(200), f.lag(t, tenant))
	n.end(t)
	n.MaxStore = 2 << 30
	n.start(t)
	f.requireCaughtUp(t, tenant)
}

func TestTheRelayWaitsForRoomInAFullStore(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.MaxStore = 64 * mib
	n.start(t)
	f := setupOn(t, n)
	said := f.follow(t, fanout.Config{MaxBytes: 16 * mib})
	f.grow(t, 300)
	f.requireCaughtUp(t, tenant)

	// Another stream takes all the space.
	_, err := f.js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "HOG", Subjects: []string{"hog"}})
	require.NoError(t, err)
	for err == nil {
		_, err = f.js.Publish(t.Context(), "hog", make([]byte, 4*mib))
	}
	for range 3 {
		f.grow(t, 300)
		f.remember(t, tenant, 1) // relayed by itself, not in a batch
		f.project(t)
	}
	eventually(t, "it logs why it waits", complained(said, "insufficient resources", 3))
	require.Positive(t, f.lag(t, tenant))
	require.NoError(t, f.js.DeleteStream(t.Context(), "HOG"))
	f.requireCaughtUp(t, tenant)
}

func TestAStreamThatRejectsNewMessagesIsReconfigured(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.start(t)
	f := setupOn(t, n)
	f.follow(t, fanout.Config{})
	f.grow(t, 100)
	f.requireCaughtUp(t, tenant)
	stream, err := f.js.Stream(t.Context(), fanout.Stream)
	require.NoError(t, err)
	config := stream.CachedInfo().Config
	config.Discard, config.MaxMsgs = jetstream.DiscardNew, 150
	_, err = f.js.UpdateStream(t.Context(), config)
	require.NoError(t, err)
	f.grow(t, 500)
	eventually(t, "the relay catches up", func() bool { return f.lag(t, tenant) == 0 })
	f.requireRelayed(t, tenant, 450, 600) // the operator's other limit stays
}

func TestWaitingForASuspendedServerUsesBoundedMemory(t *testing.T) {
	n := newNode(t)
	n.start(t)
	f := setupOn(t, n)
	said := f.follow(t, fanout.Config{})
	f.grow(t, 300)
	f.requireCaughtUp(t, tenant)

	n.signal(syscall.SIGSTOP)
	before := heap()
	const each, batches, size = 16, 20, 256 << 10
	content := canonjson.MustParse(`"` + strings.Repeat("x", size) + `"`)
	for range batches {
		batch := make([]commands.Remember, each)
		for i := range batch {
			batch[i] = commands.Remember{Draft: memory.Draft{AgentID: "coach", UserID: "ana", Content: content}}
		}
		_, err := f.handler.RememberBatch(t.Context(), commands.Request{Tenant: tenant, Meta: domain.Meta{Actor: "ana"}}, batch)
		require.NoError(t, err)
		f.project(t)
	}
	eventually(t, "it retries until the client closes the connection", func() bool { return said.Len() >= 1 && !f.conn.IsConnected() || said.Len() >= 5 })
	require.Equal(t, int64(each*batches), f.lag(t, tenant))
	grown := heap() - before
	t.Logf("grown by %d MiB", grown/mib)
	require.Less(t, grown, int64(40*mib), "of %d MiB that wait", each*batches*size/mib)

	n.signal(syscall.SIGCONT)
	f.requireCaughtUp(t, tenant)
}

// heap returns how many bytes are in use after a collection; a sync.Pool is emptied by the second one.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
