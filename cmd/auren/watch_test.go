package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections/fanout"
)

// eventsIn reads the JSON lines that a watcher printed.
func eventsIn(t *testing.T, text string) (events []eventstore.Event) {
	t.Helper()
	for line := range strings.Lines(text) {
		events = append(events, decode[eventstore.Event](t, line))
	}
	return events
}

func sequenceIDs(events []eventstore.Event) (ids []int64) {
	for _, e := range events {
		ids = append(ids, e.SequenceID)
	}
	return ids
}

func TestWatchShowsChangesAsTheyHappen(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	env := anyPorts(dir)
	stack := start(t, env, "up")
	stack.Says("(Ctrl-C stops everything)")
	// Before the first event there is no stream.
	live := start(t, env, "watch")
	lines := start(t, env, "watch", "--json", "--agent", "fitness.coach", "--event-type", "memory_revised", "--event-type", "memory_forgotten")
	live.WaitUntil("it waits", func() bool { return strings.Contains(live.Stderr.String(), "waiting for the first event") })
	lines.WaitUntil("it waits", func() bool { return strings.Contains(lines.Stderr.String(), "waiting for the first event") })
	id := decode[struct{ ID string }](t, must(t, "--data-dir", dir, "remember", "日本語 \x1b[2J\r\nred", "--agent", "fitness.coach", "--user", "ana b", "--json")).ID
	must(t, "--data-dir", dir, "revise", id, "日本")
	must(t, "--data-dir", dir, "forget", id)
	must(t, "--data-dir", dir, "remember", "somebody else's", "--agent", "other", "--user", "ana b")
	live.Says(`other/ana b .*somebody else's`)
	require.Regexp(t, `(?m)^ +\d+  \d\d:\d\d:\d\d  remembered           fitness\.coach/ana b +`+id+`  日本語 \[2J red$`, live.Stdout.String())
	require.Regexp(t, `(?m)^ +\d+  \d\d:\d\d:\d\d  forgotten            fitness\.coach/ana b +`+id+`$`, live.Stdout.String())
	lines.Says(`"memory_forgotten"`)
	require.Equal(t, []int64{2, 3}, sequenceIDs(eventsIn(t, lines.Stdout.String())))
	for _, p := range []*process{live, lines} {
		p.Signal(syscall.SIGINT)
		require.Zero(t, p.Code(), p.Stderr.String())
	}
}

func TestWatchBeginsInThePast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, user := range []string{"ana", "ben", "ana", "ben", "ana"} {
		w.must("remember", "x", "--agent", "a", "--user", user)
	}
	watch := func(args ...string) []eventstore.Event {
		return eventsIn(t, must(t, append([]string{"--nats-url", w.nats.URL(), "watch", "--json", "--no-follow"}, args...)...))
	}
	var all []eventstore.Event
	require.Eventually(t, func() bool {
		stdout, _, code := call(t, "", "--nats-url", w.nats.URL(), "watch", "--json", "--no-follow", "--since", "1")
		if code == exitOK {
			all = eventsIn(t, stdout)
		}
		return len(all) == 5
	}, patience, tick)
	require.Equal(t, []int64{1, 2, 3, 4, 5}, sequenceIDs(all))
	require.Equal(t, []int64{4, 5}, sequenceIDs(watch("--since", "4")))
	require.Equal(t, []int64{3, 5}, sequenceIDs(watch("--since", "2", "--user", "ana")))
	require.Equal(t, []int64{1, 2, 3, 4, 5}, sequenceIDs(watch("--since", "1h")))
	require.Equal(t, []int64{3, 4, 5}, sequenceIDs(watch("--since", all[2].CreatedAt.Format(time.RFC3339Nano))))
	require.Empty(t, watch("--since", "1ns"))

	// The log still has the messages that the stream has dropped, and watch says so.
	stream, err := jetStream(t, w.nats).Stream(t.Context(), fanout.Stream)
	require.NoError(t, err)
	for n := range uint64(3) {
		require.NoError(t, stream.DeleteMsg(t.Context(), stream.CachedInfo().State.FirstSeq+n))
	}
	stdout, stderr, code := call(t, "", "--nats-url", w.nats.URL(), "watch", "--json", "--no-follow", "--since", "1")
	require.Zero(t, code)
	require.Equal(t, []int64{4, 5}, sequenceIDs(eventsIn(t, stdout)))
	require.Contains(t, stderr, "the stream begins at event 4; `auren replay --to 3` shows what was before")
}

func TestWatchSurvivesTheLossOfTheServerAndTheStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.remember("x")
	watching := start(t, []string{"AUREN_NATS_URL=" + w.nats.URL()}, "watch", "--json", "--since", "1")
	watching.Says(`"sequence_id":(1),`)
	require.NoError(t, jetStream(t, w.nats).DeleteStream(t.Context(), fanout.Stream))
	w.remember("x")
	watching.Says(`"sequence_id":(2),`)
	w.remember("x")
	watching.Says(`"sequence_id":(3),`)
	require.Equal(t, []int64{1, 2, 3}, sequenceIDs(eventsIn(t, watching.Stdout.String())))
}

func TestWatchRejectsInvalidInput(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want string
		code int
	}{
		"a moment":      {[]string{"--nats-url", "nats://127.0.0.1:1", "watch", "--since", "yesterday"}, "; or a duration, e.g. 10m, or a sequence_id", exitUsage},
		"a type":        {[]string{"watch", "--event-type", "revised"}, `--event-type must be one of memory_remembered, `, exitUsage},
		"not published": {[]string{"watch", "--event-type", "projection_event_skipped"}, `, got "projection_event_skipped"`, exitUsage},
		"no past":       {[]string{"watch", "--no-follow"}, "--since", exitUsage},
		"no server":     {[]string{"--db-dsn", "postgres://h/x", "watch"}, "--nats-url (AUREN_NATS_URL)", exitUsage},
		"no stack":      {[]string{"--data-dir", t.TempDir(), "watch"}, "no AUREN runs on", exitFailed},
		"nobody there":  {[]string{"--nats-url", "nats://u:s3cret@127.0.0.1:1", "watch"}, "NATS (127.0.0.1:1) cannot be reached: ", exitFailed},
		"one of three":  {[]string{"--data-dir", t.TempDir(), "--db-dsn", "postgres://h/x", "--nats-replicas", "3", "up"}, "--nats-replicas (AUREN_NATS_REPLICAS)", exitUsage},
		"two of a kind": {[]string{"--nats-replicas", "2", "watch"}, "must be 1, 3 or 5, got 2", exitUsage},
		"a size":        {[]string{"--nats-max-bytes", "1GB", "watch"}, `must be a size, e.g. 512MiB or 1GiB, got "1GB"`, exitUsage},
	} {
		stdout, stderr, code := call(t, "", test.args...)
		require.Equal(t, test.code, code, "%s: %s", name, stderr)
		require.Empty(t, stdout, name)
		require.Contains(t, stderr, test.want, name)
		require.NotContains(t, stderr, "s3cret", name)
	}
}

func TestTheStreamHasTheConfiguredLimits(t *testing.T) {
	t.Parallel()
	dsn, server := pgtest.DSN(t), startNATS(t)
	js := jetStream(t, server)

	// The second projector finds the stream of the first.
	for _, kept := range []struct {
		age, size string
		maxAge    time.Duration
		maxBytes  int64
	}{
		{"2h", "128MiB", 2 * time.Hour, 128 << 20},
		{"48h", "64MiB", 48 * time.Hour, 64 << 20},
	} {
		p := start(t, append(settings(dsn, server), "AUREN_NATS_MAX_AGE="+kept.age, "AUREN_NATS_MAX_BYTES="+kept.size), "projector")
		p.Says("(projects)")
		must(t, "--db-dsn", dsn, "remember", "x", "--agent", "a", "--user", "u")
		require.Eventually(t, func() bool {
			stream, err := js.Stream(t.Context(), fanout.Stream)
			if err != nil {
				return false
			}
			config := stream.CachedInfo().Config
			return config.MaxAge == kept.maxAge && config.MaxBytes == kept.maxBytes && config.Replicas == 1
		}, patience, tick)
		p.Stop()
	}

	// A single server rejects three replicas, which shows that they were requested.
	p := start(t, append(settings(dsn, server), "AUREN_NATS_REPLICAS=3"), "projector")
	p.WaitUntil("the server refuses", func() bool { return strings.Contains(p.Stderr.String(), "replicas > 1 not supported") })
}
