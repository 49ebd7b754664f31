package faults_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/jsonimport/sample"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/failpoint"
)

// The points that each process passes under load.
var (
	withoutLock = []failpoint.Point{failpoint.AppendAssumed, failpoint.AppendAssumedSent}
	ofServer    = append([]failpoint.Point{
		failpoint.AppendBegun, failpoint.AppendLocked, failpoint.AppendSent, failpoint.AppendCommitted,
	}, withoutLock...)
	ofProjector = []failpoint.Point{
		failpoint.ProjectionRead, failpoint.ProjectionMoved, failpoint.ProjectionWritten, failpoint.ProjectionCommitted,
		failpoint.RelayRead, failpoint.RelayHalfway, failpoint.RelayPublished, failpoint.RelayAcknowledged,
	}
	ofRebuild = []failpoint.Point{
		failpoint.RebuildCreated, failpoint.RebuildFilling, failpoint.RebuildIndexed, failpoint.RebuildSwitching, failpoint.RebuildSwitched,
	}
	ofSweeper = []failpoint.Point{failpoint.SweepFound, failpoint.SweepExpired}
	ofImport  = []failpoint.Point{failpoint.ImportBatch}
)

const clients = 4

func TestEveryPointIsBroken(t *testing.T) {
	t.Parallel()
	var broken []failpoint.Point
	for _, points := range [][]failpoint.Point{ofServer, ofProjector, ofRebuild, ofSweeper, ofImport} {
		broken = append(broken, points...)
	}
	require.ElementsMatch(t, failpoint.All(), broken)
}

// atEach runs a test in a world of its own for each failpoint, all at once.
func atEach(t *testing.T, points []failpoint.Point, test func(t *testing.T, w *world, p failpoint.Point)) {
	t.Parallel()
	for _, p := range points {
		t.Run(fmt.Sprintf("at point %d", p), func(t *testing.T) {
			t.Parallel()
			test(t, newWorld(t), p)
		})
	}
}

func TestServerKilled(t *testing.T) {
	atEach(t, ofServer, func(t *testing.T, w *world, p failpoint.Point) {
		w.projector()
		// Another server makes what the victim assumes wrong. While that one appends, the victim seldom writes
		// without the lock.
		if !slices.Contains(withoutLock, p) {
			w.server()
		}
		victim := w.server(at(p, 10, "kill"))
		l := w.newLoad(domain.DefaultTenant, clients)
		victim.died()
		require.Positive(t, l.count())
		w.server()
		l.goesOn(50)
		w.check(domain.DefaultTenant, l)
	})
}

func TestProjectorKilled(t *testing.T) {
	atEach(t, ofProjector, func(t *testing.T, w *world, p failpoint.Point) {
		w.server()
		l := w.newLoad(domain.DefaultTenant, clients)
		l.goesOn(50)
		// The backlog makes the first batches large.
		victim := w.projector(at(p, 4, "kill"))
		victim.died()
		w.expireLeases()
		w.projector()
		l.goesOn(50)
		w.check(domain.DefaultTenant, l)
	})
}

func TestRebuildKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.server()
	w.projector()
	l := w.newLoad(domain.DefaultTenant, clients)
	l.goesOn(100)
	for _, p := range ofRebuild {
		victim := w.start([]string{at(p, 1, "kill")}, "rebuild")
		victim.died()
		l.goesOn(50)
		_, said, ok := w.run("rebuild")
		require.True(t, ok, "after a kill at point %d: %s", p, said)
	}
	w.check(domain.DefaultTenant, l)
}

func TestSweeperKilled(t *testing.T) {
	atEach(t, ofSweeper, func(t *testing.T, w *world, p failpoint.Point) {
		server, projector := w.server(), w.projector()
		l := w.newLoad(domain.DefaultTenant, 0)
		const memories = 5
		due := time.Now().Add(time.Second)
		for n := range memories {
			body := map[string]any{"agent_id": "coach", "user_id": "ana", "content": n, "expires_at": due}
			l.one(0, uuid.NewString(), request{http.MethodPost, "/v1/memories", body, true})
		}
		w.requireCaughtUp(domain.DefaultTenant, memories)
		projector.Stop()
		server.Stop()

		<-time.After(time.Until(due)) // the first sweep is the one to break
		victim := w.start([]string{at(p, 1, "kill")}, "projector")
		victim.died()
		w.expireLeases()
		w.projector()
		require.Eventually(t, func() bool { return w.head(domain.DefaultTenant) == 2*memories }, patience, tick)
		a := w.check(domain.DefaultTenant, l)
		for _, m := range a.folded {
			require.Equal(t, 2, m.Version(), "expired once")
		}
	})
}

func TestImportKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.projector()
	root := t.TempDir() + "/old"
	summary, err := sample.Write(root, sample.Options{Records: 3000})
	require.NoError(t, err)
	args := []string{"import", root, "--user", sample.User, "--tz", sample.TimeZone}
	victim := w.start([]string{at(failpoint.ImportBatch, 2, "kill")}, args...)
	victim.died()
	killedAt := w.head(domain.DefaultTenant)
	require.Positive(t, killedAt)
	said, _, _ := w.run(append(args, "--json")...) // its exit code reports the sample's rejected records
	require.Contains(t, said, fmt.Sprintf(`"verified": %d`, summary.Added), "both runs' memories are as imported")
	require.Less(t, killedAt, w.head(domain.DefaultTenant), "the killed import was not complete")
	w.requireCaughtUp(domain.DefaultTenant, w.head(domain.DefaultTenant))
	const due = "select count(*) from agent_memories where state = 'active' and expires_at <= clock_timestamp()"
	require.Eventually(t, func() bool { // the sweeper comes round every ten seconds
		var left int
		return w.pool.QueryRow(t.Context(), due).Scan(&left) == nil && left == 0
	}, patience, tick)
	a := w.check(domain.DefaultTenant)
	require.Len(t, a.folded, summary.Added)
	w.run(args...)
	require.Equal(t, a.head, w.head(domain.DefaultTenant), "another import changes nothing")
}

// PostgreSQL dies by kill -9 at each point of an append and of a projection, one after the other; the processes live on.
func TestPostgreSQLKilled(t *testing.T) {
	t.Parallel()
	server := pgtest.NewServer(t)
	w := newWorldOn(t, server.DSN())
	steadyServer, steadyProjector := w.server(), w.projector()
	l := w.newLoad(domain.DefaultTenant, clients)
	l.goesOn(20)
	steadyServer.Stop()
	steadyProjector.Stop()

	killAt := func(p failpoint.Point, start func(env ...string) *process) {
		kill := fmt.Sprintf("AUREN_FAILPOINT_PID=%d", postmaster(t, server))
		victim := start(at(p, 5, "kill-postgres"), kill)
		victim.reached()
		<-server.Done()
		server.Restart(t)
		l.goesOn(20)
		victim.Stop()
	}
	projector := w.projector()
	for _, p := range ofServer {
		killAt(p, w.server)
	}
	projector.Stop()
	w.server()
	for _, p := range ofProjector {
		killAt(p, w.projector)
	}
	w.projector()
	w.check(domain.DefaultTenant, l)
	require.Positive(t, l.retried.Load())
	t.Logf("%d commands, %d attempts repeated, %d in doubt", l.count(), l.retried.Load(), l.doubts.Load())
}
