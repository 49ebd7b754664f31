package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/health"
	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/canonjson"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/eventstore/writer"
	"github.com/auren-memory/auren/projections"
)

// poison appends an event that only a newer version would know.
func (w *world) poison(stream uuid.UUID) {
	w.t.Helper()
	appends := writer.New(open(w.t, w.dsn), writer.Config{})
	defer appends.Close()
	_, err := appends.Append(w.t.Context(), eventstore.Command{Tenant: domain.DefaultTenant, Writes: []eventstore.StreamAppend{{
		StreamID: stream, Expected: eventstore.Any, AgentID: "coach", UserID: "ana", Events: []eventstore.NewEvent{{
			ID: uuid.New(), Type: "memory_dreamt", SchemaVersion: 1, Payload: canonjson.MustParse(`{}`), OccurredAt: time.Now(),
			Meta: domain.Meta{Actor: "future"},
		}},
	}}})
	require.NoError(w.t, err)
}

// awaits waits until a projection of the default tenant has a state.
func (w *world) awaits(projection, state string) health.Projection {
	w.t.Helper()
	var found health.Projection
	require.Eventually(w.t, func() bool {
		stdout, _, _ := w.call("status", "--json")
		for _, p := range decode[health.Report](w.t, stdout).Projections {
			if p.Tenant == domain.DefaultTenant && p.Projection == projection && p.State == state {
				found = p
				return true
			}
		}
		return false
	}, patience, tick)
	return found
}

func TestProjectorSkip(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.remember("runs before breakfast")
	w.poison(uuid.MustParse(id))
	w.poison(uuid.New())
	w.remember("swims after work")
	w.must("remember", "elsewhere", "--agent", "coach", "--user", "ana", "--tenant", "other")

	for _, projection := range []string{"agent_memories", "search"} {
		stopped := w.awaits(projection, projections.Stopped)
		require.EqualValues(t, 2, *stopped.StoppedAt)
		w.fails(exitFailed, "stopped at event 2, not at 3", "projector", "skip", projection, "3", "--reason", "no use to us")
		w.fails(exitUsage, "--reason", "projector", "skip", projection, "2")
	}
	stdout, _, code := w.call("status")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stdout, "stopped at event 2: unknown event memory_dreamt of schema version 1")
	require.Contains(t, w.must("list", "--tenant", "other"), "elsewhere", "other tenants go on")

	for _, projection := range []string{"agent_memories", "search"} {
		for _, at := range []string{"2", "3"} {
			require.Eventually(t, func() bool {
				_, _, code := w.call("projector", "skip", projection, at, "--reason", "no use to us", "--actor", "ops")
				return code == exitOK
			}, patience, tick)
		}
		w.awaits(projection, projections.Idle)
	}
	w.awaits("fanout", projections.Idle)
	w.must("status")
	listed := w.must("list")
	require.Contains(t, listed, "runs before breakfast")
	require.Contains(t, listed, "swims after work")
	require.Contains(t, w.must("recall", "run"), "runs before breakfast")
	require.Contains(t, w.must("show", id, "--history"), "ops")

	remote := &world{t: t, dsn: w.dsn, nats: w.nats, url: start(t, settings(w.dsn, w.nats), "server").url()}
	for _, door := range []*world{w, remote} {
		count := func(args ...string) int {
			return strings.Count(door.must(append([]string{"replay", "--json"}, args...)...), "\n")
		}
		require.Equal(t, 4, count())
		require.Equal(t, 8, count("--category", "*"))
		require.Equal(t, 4, count("--category", "projection", "--event-type", "projection_event_skipped"))
		stream := projections.SkipStream("agent_memories").String()
		audit := door.must("replay", "--stream", stream, "--event-type", "projection_event_skipped", "--json")
		require.Equal(t, 2, strings.Count(audit, `"event_type":"projection_event_skipped"`))
		require.Contains(t, audit, `"reason":"no use to us"`)
		require.Zero(t, count("--stream", stream, "--category", "memory"))
		door.fails(exitUsage, "--event-type must be one of memory_", "replay", "--event-type", "projection_event_skipped")
	}
	require.Contains(t, w.must("replay", "--stream", projections.SkipStream("search").String()), "projection_event_skipped")

	w.must("rebuild")
	require.Equal(t, listed, w.must("list"))
	require.Contains(t, w.must("recall", "run"), "runs before breakfast")
}
