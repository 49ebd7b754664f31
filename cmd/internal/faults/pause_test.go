package faults_test

import (
	"slices"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/failpoint"
	"github.com/auren-memory/auren/projections"
)

// A projector is suspended in the middle of a batch for longer than its lease lasts. Another one leads. The first wakes up and
// carries on where it was, which must change nothing; it may get its tenants back, as the hash of tenant and holder decides.
// Then the first has to lead again.
func TestProjectorPausedPastItsLease(t *testing.T) {
	points := []failpoint.Point{
		failpoint.ProjectionRead, failpoint.ProjectionMoved, failpoint.ProjectionWritten,
		failpoint.RelayRead, failpoint.RelayHalfway, failpoint.RelayPublished, failpoint.RelayAcknowledged,
	}
	atEach(t, points, func(t *testing.T, w *world, p failpoint.Point) {
		w.server()
		l := w.newLoad(domain.DefaultTenant, clients)
		l.goesOn(20)
		paused := w.projector(at(p, 4, "stop"))
		paused.reached()
		other := w.projector()
		w.requireLed(other)
		l.goesOn(20)
		paused.Signal(syscall.SIGCONT)
		l.goesOn(50)
		w.requireLed(other, paused)

		other.Stop()
		w.requireLed(paused)
		w.check(domain.DefaultTenant, l)
		paused.Stop()
	})
}

// requireLed waits until every lease is held by one of the projectors, and every projection moves on from there.
func (w *world) requireLed(by ...*process) {
	w.t.Helper()
	isTheirs := func(holder string) bool {
		return slices.ContainsFunc(by, func(p *process) bool { return leads(holder, p.PID()) })
	}
	led := map[string]int64{}
	require.Eventually(w.t, func() bool {
		now, err := projections.ReadStatus(w.t.Context(), w.pool)
		moved := 0
		for _, s := range now {
			if err != nil || !isTheirs(s.Holder) {
				return false
			}
			if led[s.Projection] == 0 {
				led[s.Projection] = max(1, s.SequenceID)
			}
			if s.SequenceID > led[s.Projection] {
				moved++
			}
		}
		return moved == 3
	}, patience, tick)
}
