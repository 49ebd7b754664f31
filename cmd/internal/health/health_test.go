package health

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/projections"
)

func TestALeaderlessProjectionNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	const nothing, nats = "no leader: start a projector", "no leader: no running projector reaches NATS"
	for _, c := range []struct {
		projection string
		runs       bool
		missing    string
	}{{"search", true, nothing}, {"search", false, nothing}, {"fanout", true, nats}, {"fanout", false, nothing}} {
		p := Projection{Status: projections.Status{Projection: c.projection}}
		require.Equal(t, c.missing, p.problem(c.runs), c)
	}
}

func TestEventsPerSecondAreMeasuredBetweenTwoReadings(t *testing.T) {
	t.Parallel()
	first := []projections.Status{{Tenant: "a", Projection: "search", SequenceID: 10, Lag: 90}, {Tenant: "b", Projection: "search", SequenceID: 5}}
	second := []projections.Status{{Tenant: "a", Projection: "search", SequenceID: 60, Lag: 40}, {Tenant: "b", Projection: "search", SequenceID: 6}}
	seen := compare(first, second, 500*time.Millisecond)
	require.InDelta(t, 100, seen[0].EventsPerSecond, 0.001)
	require.InDelta(t, 2, seen[1].EventsPerSecond, 0.001, "also of one that keeps up")
}
