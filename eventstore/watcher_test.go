package eventstore_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
)

func TestWatcherWakesAndReconnects(t *testing.T) {
	store, pool := setup(t) // not in parallel: it counts goroutines
	ignore := goleak.IgnoreCurrent()
	watcher := eventstore.NewWatcher(pool, eventstore.LogChannel, zaptest.NewLogger(t))
	beside, cancelBeside := watcher.OnChannel("auren_test").Subscribe("key")
	defer cancelBeside()
	mine, cancelMine := watcher.Subscribe(string(tenant))
	other, cancelOther := watcher.Subscribe("other")
	defer cancelOther()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- watcher.Run(ctx) }()

	woken := func(wake <-chan struct{}) {
		t.Helper()
		select {
		case <-wake:
		case <-time.After(20 * time.Second):
			t.Fatal("nobody was woken")
		}
	}
	woken(mine) // by the connection itself
	woken(other)
	store.add(t, writes(uuid.New(), eventstore.None, `{}`))
	woken(mine)
	require.Empty(t, other)
	woken(beside) // by the connection itself
	pgtest.Exec(t, pool, `select pg_notify('auren_test', 'key 1')`)
	woken(beside)
	require.Empty(t, mine)

	pgtest.Exec(t, pool, `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen%'`)
	woken(mine) // by the new connection
	woken(other)
	store.add(t, writes(uuid.New(), eventstore.None, `{}`))
	woken(mine)

	cancelMine()
	stop()
	require.NoError(t, <-ended)
	goleak.VerifyNone(t, ignore)
}
