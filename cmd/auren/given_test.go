package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/queries"
)

// A script whose variable is not set must not act on everything instead of on one memory.
func TestEmptyFlagsAndArgumentsAreRejected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.remember("hers", "--expires-at", "2099-01-01")
	w.remember("his", "--user", "bob")
	remember := func(more ...string) []string {
		return append([]string{"remember", "x", "--agent", "a", "--user", "u"}, more...)
	}
	for _, test := range []struct {
		named string
		args  []string
	}{
		{"--user", []string{"forget", "--agent", "coach", "--user", ""}},
		{"--user", []string{"forget", "--agent", "coach", "--user="}},
		{"--user", []string{"forget", "--all", "--user", ""}},
		{"--agent", []string{"forget", "--user", "ana", "--agent", "  "}},
		{"--type", []string{"forget", "--user", "ana", "--type", ""}},
		{"--type", []string{"forget", "--user", "ana", "--type", "fact", "--type", ""}},
		{"--metadata", []string{"forget", "--user", "ana", "--metadata", ""}},
		{"--created-before", []string{"forget", "--user", "ana", "--created-before", ""}},
		{"--command-id", []string{"forget", id, "--command-id", ""}},
		{"--user", []string{"recall", "hers", "--user", ""}},
		{"--agent", []string{"list", "--agent", ""}},
		{"--type", []string{"list", "--type", ""}},
		{"--as-of", []string{"list", "--as-of", ""}},
		{"--as-of", []string{"show", id, "--as-of", ""}},
		{"--from", []string{"diff", "--from", ""}},
		{"--stream", []string{"replay", "--stream", ""}},
		{"--agent", []string{"replay", "--agent", ""}},
		{"--user", []string{"replay", "--user", ""}},
		{"--correlation", []string{"replay", "--correlation", ""}},
		{"--event-type", []string{"replay", "--event-type", ""}},
		{"--agent", []string{"watch", "--since", "1s", "--no-follow", "--agent", ""}},
		{"--user", []string{"watch", "--since", "1s", "--no-follow", "--user", ""}},
		{"--event-type", []string{"watch", "--since", "1s", "--no-follow", "--event-type", ""}},
		{"--since", []string{"watch", "--no-follow", "--since", ""}},
		{"--type", []string{"revise", id, "theirs", "--type", ""}},
		{"--metadata", remember("--metadata", "")},
		{"--expires-at", remember("--expires-at", "")},
		{"--valid-to", remember("--valid-to", "")},
		{"--valid-to", []string{"revise", id, "theirs", "--valid-to", ""}},
		{"--valid-at", []string{"list", "--valid-at", ""}},
		{"--command-id", remember("--command-id", "")},
		{"--id", remember("--id", "")},
		{"--actor", remember("--actor", "")},
		{"--user", []string{"import", t.TempDir(), "--user", ""}},
		{"--tenant", []string{"list", "--tenant", ""}},
		{"--db-dsn", []string{"verify", "--db-dsn", ""}},
		{"--nats-url", []string{"status", "--nats-url="}},
	} {
		w.fails(exitUsage, test.named+": must not be empty; omit it if you do not need it; see auren "+test.args[0]+" --help", test.args...)
	}
	for _, test := range []struct {
		named string
		args  []string
	}{
		{"<expires-at>", []string{"expiry", id, ""}},
		{"--agent", []string{"remember", "x", "--user", "u", "--agent", ""}},
	} {
		w.fails(exitUsage, test.named+": must not be empty; see auren "+test.args[0]+" --help", test.args...)
	}

	list := decode[queries.ListResult](t, w.must("list", "--order", "created", "--ascending", "--json"))
	require.Len(t, list.Memories, 2)
	require.Equal(t, 1, list.Memories[0].Version)
	require.NotNil(t, list.Memories[0].ExpiresAt)
}

func TestOptionalTextMayBeEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.remember("", "--reason", "")
	w.must("evidence", id, "for", "--note", "")
	w.must("revise", id, "", "--reason=")
	require.Contains(t, w.must("list", "--cursor", ""), id)
}

func TestAnEmptyVariableCountsAsNotSet(t *testing.T) {
	t.Parallel()
	p := start(t, []string{"AUREN_DB_DSN=" + pgtest.DSN(t), "AUREN_ACTOR=", "AUREN_NATS_URL=", "AUREN_LOG_LEVEL="},
		"remember", "x", "--agent", "a", "--user", "u", "--json")
	require.Zero(t, p.Code(), p.Stderr.String())
	require.Equal(t, 1, decode[commands.Receipt](t, p.Stdout.String()).Version)
}

// Text that is not UTF-8 cannot be stored unchanged.
func TestInvalidUTF8IsRejected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.remember("café")
	const cafe = "caf\xe9"
	remember := func(more ...string) []string {
		return append([]string{"remember", "x", "--agent", "a"}, more...)
	}
	for _, test := range []struct {
		named string
		args  []string
	}{
		{"<content>", []string{"remember", cafe, "--agent", "a", "--user", "u"}},
		{"[<content>]", []string{"revise", id, cafe}},
		{"--user", remember("--user", cafe)},
		{"--user", remember("--user=" + cafe)},
		{"--reason", remember("--user", "u", "--reason", cafe)},
		{"--metadata", remember("--user", "u", "--metadata", `{"a":"`+cafe+`"}`)},
		{"--actor", remember("--user", "u", "--actor", cafe)},
		{"--note", []string{"evidence", id, "for", "--note", cafe}},
		{"--type", []string{"forget", "--type", "fact," + cafe}},
		{"[<query> ...]", []string{"recall", "a", cafe}},
		{"--event-type", []string{"replay", "--event-type", cafe}},
		{"--db-dsn", []string{"list", "--db-dsn", "postgres://u:s3cret" + cafe + "@127.0.0.1:1/x"}},
	} {
		w.fails(exitUsage, test.named+": must be valid UTF-8; see auren "+test.args[0]+" --help", test.args...)
	}
	for _, more := range [][]string{nil, {"--content-json"}} {
		for _, command := range [][]string{{"remember", "-", "--agent", "a", "--user", "u"}, {"revise", id, "-"}} {
			_, stderr, code := call(t, `"`+cafe+`"`, w.args(append(command, more...)...)...)
			require.Equal(t, exitUsage, code, command)
			require.Equal(t, "auren: stdin is not valid UTF-8\n", stderr)
		}
	}
	p := start(t, []string{"AUREN_DB_DSN=" + w.dsn, "AUREN_ACTOR=" + cafe}, remember("--user", "u")...)
	require.Equal(t, exitUsage, p.Code())
	require.Contains(t, p.Stderr.String(), `--actor: must be valid UTF-8 (from envar AUREN_ACTOR="caf\xe9")`)
	p = start(t, []string{"AUREN_DB_DSN=postgres://u:s3cret" + cafe + "@127.0.0.1:1/" + os.DevNull}, "list")
	require.Equal(t, exitUsage, p.Code())
	require.NotContains(t, p.Stderr.String(), "s3cret")

	list := decode[queries.ListResult](t, w.must("list", "--json"))
	require.Len(t, list.Memories, 1)
	require.Equal(t, 1, list.Memories[0].Version)
	require.JSONEq(t, `"café"`, string(list.Memories[0].Content))
}
