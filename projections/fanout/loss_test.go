package fanout_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/fanout"
	"github.com/auren-memory/auren/projections/runner"
)

func TestLostMessagesAreRelayedAgain(t *testing.T) {
	t.Parallel()
	lose := map[string]func(*testing.T, jetstream.JetStream, jetstream.Stream){
		"deleted": func(t *testing.T, js jetstream.JetStream, _ jetstream.Stream) {
			require.NoError(t, js.DeleteStream(t.Context(), fanout.Stream))
		},
		"purged": func(t *testing.T, _ jetstream.JetStream, stream jetstream.Stream) {
			require.NoError(t, stream.Purge(t.Context()))
		},
		"rolled back": func(t *testing.T, _ jetstream.JetStream, stream jetstream.Stream) {
			for n := range uint64(15) {
				require.NoError(t, stream.DeleteMsg(t.Context(), stream.CachedInfo().State.LastSeq-n))
			}
		},
	}
	// The first tenant is refilled before the next one is checked.
	oneByOne := runner.Config{Concurrency: 1}
	for name, lose := range lose {
		for _, running := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, relay running %v", name, running), func(t *testing.T) {
				t.Parallel()
				f := setup(t)
				relay := f.runner(t, oneByOne)
				for _, name := range []domain.Tenant{tenant, "other", "third"} {
					f.remember(t, name, 10)
				}
				f.project(t)
				require.NoError(t, relay.CatchUp(t.Context()))
				stream, err := f.js.Stream(t.Context(), fanout.Stream)
				require.NoError(t, err)
				lose(t, f.js, stream)
				if running {
					// The relay notices with the next event.
					for _, name := range []domain.Tenant{tenant, "other", "third"} {
						f.remember(t, name, 2)
					}
					f.project(t)
					eventually(t, "it is relayed", func() bool { return relay.CatchUp(t.Context()) == nil })
				} else {
					require.NoError(t, f.runner(t, oneByOne).CatchUp(t.Context()))
				}
				f.requireAllRelayed(t, tenant, "other", "third")
			})
		}
	}
}

func TestMessagesDroppedForTheirAgeAreNotRelayedAgain(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.remember(t, tenant, 5)
	f.project(t)
	require.NoError(t, f.runner(t, runner.Config{}).CatchUp(t.Context()))
	stream, err := f.js.Stream(t.Context(), fanout.Stream)
	require.NoError(t, err)
	require.NoError(t, stream.Purge(t.Context()))

	pgtest.Exec(t, f.pool, "grant update on events to current_user; "+`
		alter table events disable trigger events_immutable;
		update events set created_at = created_at - interval '8 days'`)
	f.remember(t, tenant, 1)
	f.project(t)
	require.NoError(t, f.runner(t, runner.Config{}).CatchUp(t.Context()))
	f.requireRelayed(t, tenant, 5, 6)
}

// rememberLarge appends memories of 256 KiB.
func (f fixture) rememberLarge(t *testing.T, tenant domain.Tenant, n int) {
	t.Helper()
	batch := make([]commands.Remember, n)
	for i := range batch {
		batch[i] = commands.Remember{Draft: memory.Draft{AgentID: "coach", UserID: "ana", Content: canonjson.MustParse(`"` + strings.Repeat("x", 256<<10) + `"`)}}
	}
	_, err := f.handler.RememberBatch(t.Context(), commands.Request{Tenant: tenant, Meta: domain.Meta{Actor: "ana"}}, batch)
	require.NoError(t, err)
}

func TestMessagesDroppedForSpaceAreNotRelayedAgain(t *testing.T) {
	t.Parallel()
	f := setup(t)
	relay, err := fanout.New(f.pool, f.log, f.conn, fanout.Config{MaxBytes: 12 * mib})
	require.NoError(t, err)
	catchUp := func() {
		f.project(t)
		require.NoError(t, runner.NewSink(f.pool, f.log, f.watcher(projections.Channel), runner.Config{}, relay).CatchUp(t.Context()))
	}
	f.remember(t, "other", 5)
	catchUp()
	for range 4 {
		f.rememberLarge(t, tenant, 16)
		catchUp()
	}
	require.Empty(t, f.messages(t, "other"), "they were dropped to make room")
	f.remember(t, "other", 1)
	catchUp()
	f.requireRelayed(t, "other", 5, 6)
}

func TestAStoreReplacedByAnOlderCopyIsRefilled(t *testing.T) {
	t.Parallel()
	for _, running := range []bool{false, true} {
		t.Run(fmt.Sprintf("relay running %v", running), func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			n.start(t)
			f := setupOn(t, n)
			relay := f.runner(t, runner.Config{})
			caughtUp := func() bool { return relay.CatchUp(t.Context()) == nil }
			for _, name := range []domain.Tenant{tenant, "other", "quiet"} {
				f.remember(t, name, 20)
			}
			f.project(t)
			eventually(t, "it is relayed", caughtUp)
			n.end(t)
			backup := filepath.Join(t.TempDir(), "backup")
			require.NoError(t, os.CopyFS(backup, os.DirFS(n.StoreDir)))
			n.start(t)
			for _, name := range []domain.Tenant{tenant, "other", "new"} {
				f.remember(t, name, 30)
			}
			f.project(t)
			eventually(t, "it is relayed", caughtUp)
			n.end(t)

			require.NoError(t, os.RemoveAll(n.StoreDir))
			require.NoError(t, os.CopyFS(n.StoreDir, os.DirFS(backup)))
			n.start(t)
			if running {
				// The relay notices with the next event of each tenant.
				for _, name := range []domain.Tenant{tenant, "other", "new"} {
					f.remember(t, name, 1)
				}
				f.project(t)
			} else {
				relay = f.runner(t, runner.Config{})
			}
			eventually(t, "it is relayed", caughtUp)
			f.requireAllRelayed(t, tenant, "other", "new", "quiet")
		})
	}
}

func TestAServerKilledRepeatedlyHasEachEventOnce(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.start(t)
	f := setupOn(t, n)
	f.follow(t, fanout.Config{})
	for range 5 {
		f.grow(t, 500)
		eventually(t, "deliveries are on the way", func() bool { lag := f.lag(t, tenant); return lag >= 0 && lag < 500 })
		n.kill()
		f.grow(t, 100)
		n.start(t)
	}
	f.requireCaughtUp(t, tenant)
}

func TestAChangedRetentionAppliesToAnExistingStream(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.remember(t, tenant, 3)
	f.project(t)
	for _, config := range []fanout.Config{
		{},
		{MaxAge: time.Hour, MaxBytes: 64 * mib},
		{MaxAge: time.Minute, MaxBytes: 128 * mib},
		{MaxAge: 1000 * time.Hour, MaxBytes: 2 << 30},
	} {
		relay, err := fanout.New(f.pool, f.log, f.conn, config)
		require.NoError(t, err)
		require.NoError(t, runner.NewSink(f.pool, f.log, f.watcher(projections.Channel), runner.Config{}, relay).CatchUp(t.Context()))
		stream, err := f.js.Stream(t.Context(), fanout.Stream)
		require.NoError(t, err)
		present := stream.CachedInfo().Config
		if config == (fanout.Config{}) {
			config.MaxAge, config.MaxBytes = fanout.DefaultMaxAge, fanout.DefaultMaxBytes
		}
		require.Equal(t, config.MaxAge, present.MaxAge)
		require.Equal(t, config.MaxBytes, present.MaxBytes)
		f.requireRelayed(t, tenant, 0, 3)
	}
}

func TestTheOperatorsSettingsOfTheStreamAreKept(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.remember(t, tenant, 1)
	f.project(t)
	require.NoError(t, f.runner(t, runner.Config{}).CatchUp(t.Context()))
	stream, err := f.js.Stream(t.Context(), fanout.Stream)
	require.NoError(t, err)
	config := stream.CachedInfo().Config
	config.Description, config.MaxAge = "ours", time.Hour
	_, err = f.js.UpdateStream(t.Context(), config)
	require.NoError(t, err)
	require.NoError(t, f.runner(t, runner.Config{}).CatchUp(t.Context()))
	stream, err = f.js.Stream(t.Context(), fanout.Stream)
	require.NoError(t, err)
	require.Equal(t, "ours", stream.CachedInfo().Config.Description)
	require.Equal(t, fanout.DefaultMaxAge, stream.CachedInfo().Config.MaxAge)
}
