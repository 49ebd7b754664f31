package fanout_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/fanout"
	"github.com/auren-memory/auren/projections/runner"
)

// patience bounds what a test waits for; the machine may be busy with other tests.
const patience = 3 * time.Minute

// setupOn is setup with servers of the test's own.
func setupOn(t *testing.T, nodes ...*node) fixture {
	t.Helper()
	pool := pgtest.New(t)
	log, appends := eventstore.NewLog(pool), writer.New(pool, writer.Config{})
	t.Cleanup(appends.Close)
	conn, js := connectTo(t, nodes...)
	return fixture{pool: pool, log: log, writer: appends, handler: commands.New(log, appends, commands.Config{}), conn: conn, js: js}
}

// follow runs a relay until the test ends and returns its warnings.
func (f fixture) follow(t *testing.T, config fanout.Config) *observer.ObservedLogs {
	t.Helper()
	config.Timeout = 500 * time.Millisecond
	relay, err := fanout.New(f.pool, f.log, f.conn, config)
	require.NoError(t, err)
	core, said := observer.New(zapcore.WarnLevel)
	watcher := f.watcher(projections.Channel)
	fanning := runner.NewSink(f.pool, f.log, watcher, runner.Config{
		Poll: 20 * time.Millisecond, Log: zap.New(core),
	}, relay)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = fanning.Run(ctx) })
	running.Go(func() { _ = watcher.Run(ctx) })
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return said
}

// lag is how many events of a tenant wait for the relay.
func (f fixture) lag(t *testing.T, tenant domain.Tenant) int64 {
	t.Helper()
	all, err := projections.ReadStatus(t.Context(), f.pool)
	require.NoError(t, err)
	i := slices.IndexFunc(all, func(s projections.Status) bool { return s.Projection == fanout.Name && s.Tenant == tenant })
	if i < 0 {
		return -1 // no checkpoint yet
	}
	return all[i].Lag
}

// grow appends events, a few in each append, and projects them.
func (f fixture) grow(t *testing.T, n int) {
	t.Helper()
	for left := n; left > 0; left -= 25 {
		f.remember(t, tenant, min(left, 25))
	}
	f.project(t)
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	require.Eventually(t, done, patience, 20*time.Millisecond, what)
}

// requireCaughtUp waits until the relay has no lag, and requires the stream to equal the log.
func (f fixture) requireCaughtUp(t *testing.T, tenant domain.Tenant) {
	t.Helper()
	eventually(t, "the relay catches up", func() bool { return f.lag(t, tenant) == 0 })
	head, err := f.log.Head(t.Context(), tenant)
	require.NoError(t, err)
	f.requireRelayed(t, tenant, 0, head.SequenceID)
}
