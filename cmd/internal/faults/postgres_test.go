package faults_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/failpoint"
)

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
