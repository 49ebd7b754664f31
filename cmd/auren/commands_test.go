package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/health"
	"github.com/auren-memory/auren/commands"
	"github.com/auren-memory/auren/deploy/standalone"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
	"github.com/auren-memory/auren/migrations"
	"github.com/auren-memory/auren/queries"
)

// world is a database with a projector, and the flags that name it on a command line.
type world struct {
	t    *testing.T
	dsn  string
	nats *standalone.NATS
	// url of the server that commands are sent to; "" means that they work on the database.
	url string
}

// onEveryDoor runs a test with commands that work on the database, and with commands that are sent to a server whose
// database they cannot reach.
func onEveryDoor(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	t.Run("in process", func(t *testing.T) {
		t.Parallel()
		test(t, newWorld(t))
	})
	t.Run("over http", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.url = start(t, settings(w.dsn, w.nats), "server").url()
		test(t, w)
	})
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dsn: pgtest.DSN(t), nats: startNATS(t)}
	start(t, settings(w.dsn, w.nats), "projector").Says("(projects)")
	return w
}

func (w *world) args(args ...string) []string {
	if w.url != "" {
		return append([]string{"--url", w.url, "--key", "s3cret", "--data-dir", filepath.Join(w.t.TempDir(), "none")}, args...)
	}
	return append([]string{"--db-dsn", w.dsn + "&password=s3cret", "--nats-url", w.nats.URL()}, args...)
}

func (w *world) must(args ...string) string {
	w.t.Helper()
	return must(w.t, w.args(args...)...)
}

func (w *world) fails(code int, want string, args ...string) {
	w.t.Helper()
	fails(w.t, code, want, w.args(args...)...)
}

// call is call for a command line with the flags.
func (w *world) call(args ...string) (stdout, stderr string, code int) {
	w.t.Helper()
	return call(w.t, "", w.args(args...)...)
}

// remember remembers a text and returns the memory's id.
func (w *world) remember(text string, more ...string) string {
	w.t.Helper()
	said := w.must(append([]string{"remember", text, "--agent", "coach", "--user", "ana", "--json"}, more...)...)
	return decode[commands.Receipt](w.t, said).ID.String()
}

func TestTheLifeOfAMemory(t *testing.T) {
	onEveryDoor(t, func(t *testing.T, w *world) {
		id := w.remember("trains before breakfast", "--confidence", "0.6", "--reason", "she said so", "--type", "preference",
			"--metadata", `{"topic": "training"}`, "--actor", "tester")
		require.Contains(t, w.must("recall", "when", "does", "she", "train?"), "trains before breakfast")
		require.Contains(t, w.must("recall", "the", "of"), "no memory holds any of the words")

		w.must("revise", id, "trains after work", "--expected-version", "1")
		w.fails(exitFailed, "is at version 2, expected 1", "revise", id, "again", "--expected-version", "1")
		require.Regexp(t, "^nothing to change: "+id+"  version 2, ", w.must("revise", id, "trains after work"))
		w.must("evidence", id, "for", "--weight", "0.5", "--note", "seen twice")
		w.must("confidence", id, "0.9")
		require.Contains(t, w.must("expiry", id, "2099-01-01"), "set the expiry of ")
		w.must("expiry", id, "never")
		w.must("forget", id)
		require.Equal(t, "no memories\n", w.must("list"))
		require.Equal(t, "nothing is remembered about that: no memory is active there\n", w.must("recall", "train"))
		require.Contains(t, w.must("list", "--state", "forgotten"), "forgotten")
		w.must("restore", id)

		m := decode[queries.Memory](t, w.must("show", id, "--json"))
		require.Equal(t, 8, m.Version)
		require.JSONEq(t, `"trains after work"`, string(m.Content))
		require.InDelta(t, 0.9, m.Confidence, 1e-9)
		before := decode[queries.Memory](t, w.must("show", id, "--as-of", "1", "--json"))
		require.JSONEq(t, `"trains before breakfast"`, string(before.Content))
		shown := strings.Split(w.must("show", id), "\n")
		require.Contains(t, shown, "expires     never")
		require.Contains(t, shown, "metadata    {")
		require.Contains(t, shown, `content     "trains after work"`)
		history := w.must("show", id, "--history")
		require.Regexp(t, `memory_evidence_recorded .* for, .* seen twice · trains after work`, history)
		require.Regexp(t, `memory_expiry_set .* 2099-01-01 00:00:00 · `, history)
		require.Regexp(t, `memory_expiry_set .* never · `, history)
		require.Contains(t, history, "(she said so)")
		require.Len(t, decode[struct{ Versions []queries.Version }](t, w.must("show", id, "--history", "--json")).Versions, 8)

		lived := w.remember("lives in Lisbon", "--valid-from", "2019-01-01T00:00:00Z", "--valid-to", "2021-01-01T00:00:00Z")
		require.Regexp(t, `\nvalid +2019-01-01 00:00:00 until 2021-01-01 00:00:00\n`, w.must("show", lived))
		require.Contains(t, w.must("list", "--valid-at", "2020-12-31T23:59:59Z"), lived)
		require.NotContains(t, w.must("list", "--valid-at", "2021-01-01T00:00:00Z"), lived)
		require.Contains(t, w.must("recall", "Lisbon", "--valid-at", "2020-01-01"), lived)
		w.must("revise", lived, "--valid-to", "none")
		require.Contains(t, w.must("list", "--valid-at", "2031-01-01"), lived)
		require.Contains(t, w.must("replay", "--stream", lived), "valid_to → open")
		require.Contains(t, w.must("diff", lived, "--from", "9"), "~ valid_to  2021-01-01 00:00:00 → open\n")
		w.fails(exitUsage, "--valid-to must be after valid_from", "revise", lived, "--valid-to", "2018-01-01")
		w.fails(exitUsage, "--valid-to must be a time", "revise", lived, "--valid-to", "never")
		w.must("forget", "--valid-at", "2031-01-01", "--filters", `{"valid_from": {"exists": true}}`)

		stdout, said, code := call(t, `{"n": 1}`, w.args("remember", "-", "--content-json", "--agent", "a", "--user", "u", "--json")...)
		require.Zero(t, code, said)
		m = decode[queries.Memory](t, w.must("show", decode[commands.Receipt](t, stdout).ID.String(), "--json"))
		require.JSONEq(t, `{"n": 1}`, string(m.Content))
		changed := w.must("diff", id, "--from", "1", "--to", "4")
		require.Regexp(t, `^from .* \(event 1\) to .* \(event 4\)\n1 memory changed: 1 revised, 1 confidence moved\n`, changed)
		require.Contains(t, changed, "~ content     \"trains before breakfast\" → \"trains after work\"\n")
		require.Contains(t, changed, "~ confidence  0.60 → 0.90\n")
		diff := decode[queries.DiffResult](t, w.must("diff", "--to", "1", "--json"))
		require.Equal(t, []queries.Kind{queries.Added}, diff.Changes[0].Changes)

		const hidden = "expires-at is in the past: the memory is expired, and hidden, at once\n"
		_, said, _ = w.call("remember", "long ago", "--agent", "a", "--user", "u", "--expires-at", "2020-01-01")
		require.Equal(t, hidden, said)
		_, said, _ = w.call("expiry", id, "2020-01-01")
		require.Equal(t, hidden, said)
	})
}

func TestForgettingByFilter(t *testing.T) {
	onEveryDoor(t, func(t *testing.T, w *world) {
		for _, text := range []string{"one", "two", "three"} {
			w.remember(text)
		}
		other := w.remember("kept", "--type", "fact")
		require.Equal(t, "would forget 3 memories\n", w.must("forget", "--type", "observation", "--dry-run"))
		require.Equal(t, "forgot 3 memories\n", w.must("forget", "--type", "observation"))
		require.Equal(t, "forgot 0 memories\n", w.must("forget", "--type", "observation"))
		list := decode[queries.ListResult](t, w.must("list", "--json"))
		require.Len(t, list.Memories, 1)
		require.Equal(t, other, list.Memories[0].ID.String())

		more := []string{"forget", w.remember("four"), w.remember("five"), "--json"}
		would := decode[struct{ Memories []queries.Memory }](t, w.must(append(more, "--dry-run")...))
		require.Len(t, would.Memories, 2)
		did := decode[struct{ Receipts []commands.Receipt }](t, w.must(more...))
		require.Equal(t, more[1:3], []string{did.Receipts[0].ID.String(), did.Receipts[1].ID.String()})
		stdout, _, code := w.call("forget", w.remember("six"), uuid.NewString(), "--json")
		require.Equal(t, exitFailed, code)
		require.Len(t, decode[struct{ Receipts []commands.Receipt }](t, stdout).Receipts, 1)

		w.must("forget", "--type", "observation", "--command-id", "x")
		w.fails(exitFailed, "command_id: was used before", "forget", "--type", "fact", "--command-id", "x")
		require.Contains(t, w.must("list"), "kept")

		w.fails(exitUsage, "forget what?", "forget")
		w.fails(exitUsage, "not both", "forget", other, "--agent", "coach")
		require.Equal(t, "would forget 1 memory\n", w.must("forget", "--all", "--dry-run"))
	})
}

func TestRestoringByFilter(t *testing.T) {
	onEveryDoor(t, func(t *testing.T, w *world) {
		one, two, fact := w.remember("one"), w.remember("two"), w.remember("three", "--type", "fact")
		w.must("forget", "--all")
		require.Equal(t, "would restore 2 memories\n", w.must("restore", "--type", "observation", "--dry-run"))
		require.Equal(t, "no memories\n", w.must("list"))
		require.Equal(t, "restored 2 memories\n", w.must("restore", "--type", "observation", "--reason", "not meant", "--command-id", "x"))
		require.Equal(t, "restored 0 memories\n", w.must("restore", "--filters", `{"memory_type": "observation"}`))
		w.fails(exitFailed, "command_id: was used before", "restore", "--type", "fact", "--command-id", "x")
		list := decode[queries.ListResult](t, w.must("list", "--order", "created", "--ascending", "--json"))
		require.Equal(t, []string{one, two}, []string{list.Memories[0].ID.String(), list.Memories[1].ID.String()})
		require.Contains(t, w.must("show", one, "--history"), "(not meant)")

		require.Len(t, decode[struct{ Memories []queries.Memory }](t, w.must("restore", one, fact, "--dry-run", "--json")).Memories, 2)
		did := decode[struct{ Receipts []commands.Receipt }](t, w.must("restore", one, fact, "--json")).Receipts
		require.Equal(t, []int{3, 3}, []int{did[0].Version, did[1].Version})
		require.Regexp(t, "^nothing to change: "+fact, w.must("restore", fact))

		w.fails(exitUsage, "restore what?", "restore")
		w.fails(exitUsage, "not both", "restore", one, "--agent", "coach")
		w.fails(exitUsage, "--all must not be given together with a filter", "restore", "--all", "--agent", "coach")
		w.fails(exitUsage, "--expected-version goes with one id", "restore", one, two, "--expected-version", "1")
		w.must("forget", one, two)
		require.Equal(t, "restored 2 memories\n", w.must("restore", "--all"))
	})
}

func TestReplay(t *testing.T) {
	onEveryDoor(t, func(t *testing.T, w *world) {
		first, second := w.remember("first"), w.remember("second")
		w.must("revise", first, "first, revised", "--type", "fact", "--metadata", `{"k": 1}`)
		w.must("forget", second)

		lines := func(args ...string) []int64 {
			return sequenceIDs(eventsIn(t, w.must(append([]string{"replay", "--json"}, args...)...)))
		}
		require.Equal(t, []int64{1, 2, 3, 4}, lines())
		require.Equal(t, []int64{2, 3}, lines("--from", "2", "--to", "3"))
		require.Equal(t, []int64{1, 3}, lines("--stream", first))
		require.Equal(t, []int64{3}, lines("--stream", first, "--from", "2"))
		require.Equal(t, []int64{4}, lines("--event-type", "memory_forgotten"))
		require.Empty(t, lines("--agent", "nobody"))
		require.Equal(t, []int64{2, 4}, lines("--filters", `{"stream_id": "`+second+`"}`))
		require.Equal(t, []int64{3}, lines("--filters", `{"OR": [{"payload.memory_type": "fact"}, {"actor": "nobody"}]}`, "--follow", "--to", "4"))
		w.fails(exitUsage, "filters.reason: is unknown: it must be one of AND, OR, NOT, sequence_id, ", "replay", "--filters", `{"reason": 1}`)
		w.fails(exitUsage, "--stream must not be given together with", "replay", "--stream", first, "--filters", `{"version": 1}`)

		text := strings.Split(strings.TrimRight(w.must("replay"), "\n"), "\n")
		require.Len(t, text, 4)
		require.Contains(t, text[2], `type → fact, metadata → {"k":1}, content → first, revised`)
		column := strings.Index(text[0], "memory_")
		for _, line := range text {
			require.Equal(t, column, strings.Index(line, "memory_"), "aligned")
		}
		w.fails(exitFailed, "there is no memory", "replay", "--stream", uuid.NewString())
		w.fails(exitUsage, "--stream", "replay", "--stream", "x")
		w.fails(exitUsage, "--event-type must be one of memory_remembered, memory_revised, ", "replay", "--event-type", "revised")
		w.fails(exitUsage, "--category must be one of memory, projection, *, got", "replay", "--category", "x")
		w.fails(exitUsage, "--from must be", "replay", "--from", "3", "--to", "2")

		out, interrupt := follow(t, w.args("replay", "--follow")...)
		require.Eventually(t, func() bool { return strings.Contains(out.String(), "memory_forgotten") }, patience, tick)
		w.remember("while it follows")
		require.Eventually(t, func() bool { return strings.Contains(out.String(), "while it follows") }, patience, tick)
		interrupt()
	})
}

func TestVerifyAndInit(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	require.Contains(t, must(t, "--db-dsn", dsn, "verify"), "is as expected")
	pool := open(t, dsn)
	pgtest.Exec(t, pool, "drop index auren_agent_memories_g1.agent_memories_due_idx")
	require.Contains(t, fails(t, exitFailed, "differs in 1 thing", "--db-dsn", dsn, "verify"), "agent_memories_due_idx")
	stdout := fails(t, exitFailed, "", "--db-dsn", dsn, "verify", "--json")
	require.Len(t, decode[struct{ Differences []migrations.Difference }](t, stdout).Differences, 1)

	require.Contains(t, must(t, "--db-dsn", dsn, "init"), "is at version 1 already")
	empty := emptyDatabase(t)
	fails(t, exitFailed, "run `auren init`", "--db-dsn", empty, "list")
	require.Contains(t, must(t, "--db-dsn", empty, "init"), "from version 0 to 1")
	require.Equal(t, "no memories\n", must(t, "--db-dsn", empty, "list"))
}

func TestResetNeedsConfirmation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.remember("gone soon")
	w.fails(exitUsage, "say --yes", "reset")
	w.fails(exitFailed, "nothing was deleted yet", "reset", "--yes", "--nats-url", "nats://127.0.0.1:1")
	require.Contains(t, w.must("list"), "gone soon")
	w.must("status")
	require.Contains(t, w.must("reset", "--yes"), "deleted everything")
	require.Contains(t, w.must("verify"), "as expected")

	// The running projector goes on with the new log, including the fan-out.
	w.remember("after")
	require.Eventually(t, func() bool {
		stdout, _, code := w.call("status", "--json")
		return code == exitOK && strings.Contains(stdout, `"sequence_id": 1`) && len(decode[health.Report](t, stdout).Projections) == 3
	}, patience, tick)
	require.Contains(t, w.must("list"), "after")
}

func TestInvalidInputIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.remember("fine")
	for _, test := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, `unknown command "recal", did you mean "recall"?`, []string{"recal", "x"}},
		{exitUsage, `unknown command "bogus"; see auren --help`, []string{"bogus"}},
		{exitUsage, "unexpected argument bogus", []string{"list", "bogus"}},
		{exitUsage, "unknown flag --loud", []string{"list", "--loud"}},
		{exitUsage, "--agent", []string{"remember", "x", "--user", "u"}},
		{exitUsage, "<confidence> must be between 0 and 1, got 7", []string{"confidence", id, "7"}},
		{exitUsage, "--metadata must be", []string{"remember", "x", "--agent", "a", "--user", "u", "--metadata", "[]"}},
		{exitUsage, "<content> ", []string{"remember", "{", "--content-json", "--agent", "a", "--user", "u"}},
		{exitUsage, "<content> must be at most", []string{"remember", strings.Repeat("x", 1<<20), "--agent", "a", "--user", "u"}},
		{exitUsage, "<query> must", []string{"recall", strings.Repeat("x", 100_001)}},
		{exitUsage, "<expires-at> must be a time", []string{"expiry", id, "soon"}},
		{exitUsage, "<expires-at> must be", []string{"expiry", id, "0000-01-01"}},
		{exitUsage, `auren: --tz must be an IANA time zone, e.g. Europe/Berlin, got "Mars"`, []string{"import", t.TempDir(), "--tz", "Mars"}},
		{exitUsage, "--agent must be 1 to 100 characters, got 101", []string{"remember", "x", "--agent", strings.Repeat("a", 101), "--user", "u"}},
		{exitUsage, `<id>: must be a UUID, e.g. 0192f8a4-7c3e-7d60-b1f2-3a4b5c6d7e8f, got "x"; see auren show --help`, []string{"show", "x"}},
		{exitUsage, "--cursor ", []string{"list", "--cursor", "x"}},
		{exitUsage, "limit", []string{"list", "--limit", "-1"}},
		{exitUsage, "--limit must be 1 to 100, got 0", []string{"recall", "x", "--limit", "0"}},
		{exitUsage, "--as-of", []string{"show", id, "--as-of", "yesterday"}},
		{exitUsage, "--as-of must be at most 1, where the log ends, got 7", []string{"show", id, "--as-of", "7"}},
		{exitUsage, "--as-of must be at most 1, where the log ends, got 7", []string{"show", id, "--history", "--as-of", "7"}},
		{exitUsage, "--as-of must be at most 1, where the log ends, got 7", []string{"list", "--as-of", "7"}},
		{exitUsage, "--as-of: must be a sequence_id of at least 1", []string{"list", "--as-of", "0"}},
		{exitUsage, "--as-of: must be a sequence_id of at least 1", []string{"show", id, "--as-of=-1"}},
		{exitUsage, "--from must be at least 1 and --to at least --from", []string{"replay", "--to", "0"}},
		{exitUsage, "--from must be at least 1 and --to at least --from", []string{"replay", "--stream", id, "--from", "0"}},
		{exitUsage, "--created-after", []string{"list", "--created-after", "soon"}},
		{exitUsage, "nothing to revise: a content, --type, --metadata, --valid-from or --valid-to is needed", []string{"revise", id}},
		{exitUsage, "<content> is an argument, not a flag: leave out --content", []string{"revise", id, "--content", "x"}},
		{exitUsage, "<content> is an argument, not a flag: leave out --content", []string{"remember", "--content=x", "--agent", "a", "--user", "u"}},
		{exitUsage, `--db-wait: must be a duration, e.g. 30s or 5m, got "5"; see`, []string{"list", "--db-wait", "5"}},
		{exitUsage, "--tenant (AUREN_TENANT) must be 1 to 63 lower-case letters, digits, - and _", []string{"list", "--tenant", "No"}},
		{exitUsage, "--http-addr (AUREN_HTTP_ADDR)", []string{"list", "--http-addr", "x"}},
		{exitFailed, "there is no memory", []string{"show", uuid.NewString()}},
		{exitFailed, "there is no memory", []string{"forget", uuid.NewString()}},
		{exitUsage, "--once goes with --demo", []string{"up", "--once"}},
	} {
		w.fails(test.code, test.want, test.args...)
	}
	fails(t, exitUsage, "needs a database", "server")
	fails(t, exitFailed, "start one with `auren up`, or name a database with --db-dsn (AUREN_DB_DSN)", "--data-dir", filepath.Join(t.TempDir(), "none"), "list")
}

func TestNoCommandShowsAPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.remember("secretive")
	for _, args := range [][]string{
		{"list"}, {"show", id}, {"status"}, {"status", "--json"}, {"verify"}, {"init"}, {"replay"}, {"rebuild"}, {"reset"},
		{"list", "--log-level", "debug"}, {"list", "--db-dsn", "postgres://u:s3cret@127.0.0.1:1/x", "--db-wait", "0s"},
		{"list", "--db-dsn", "postgres://u:s3cret@h:port/x"}, {"list", "--db-dsn", "host=127.0.0.1 port=1 password=s3cret", "--db-wait", "0s"},
		{"init", "--db-dsn", "postgres://u:s3cret@127.0.0.1:1/x", "--db-wait", "0s"}, {"postgres://u:s3cret@h/x"},
		{"status", "--nats-url", "nats://u:s3cret@127.0.0.1:1"}, {"status", "--nats-url", "nope://u:s3cret@127.0.0.1:1"},
		{"reset", "--yes", "--nats-url", "nats://s3cret@127.0.0.1:1"}, {"--help"},
	} {
		stdout, stderr, _ := w.call(args...)
		require.NotContains(t, stdout+stderr, "s3cret", args)
	}
}

func TestVersionAndHelp(t *testing.T) {
	t.Parallel()
	require.Equal(t, "auren "+version+"\n", must(t, "version"))
	require.Equal(t, version+"\n", must(t, "--version"))
	require.Contains(t, must(t, "--help"), "Exit codes")
	require.Contains(t, must(t, "import", "--help"), "--merge-duplicate-hypotheses")
	require.Equal(t, must(t, "--help"), must(t, "help"))
	require.Equal(t, must(t, "import", "--help"), must(t, "help", "import"))
	require.Contains(t, must(t, "projector", "run", "--help"), "/projections")
	fails(t, exitUsage, `unknown command "lst", did you mean "list"?`, "help", "lst")
}

func TestStoredTextIsPrintedWithoutControlCharacters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.remember("clear \x1b[2J screen \u202Eevil", "--type", "a\x07b")
	for _, args := range [][]string{{"list"}, {"show", id}, {"show", id, "--history"}, {"recall", "screen"}, {"replay"}} {
		said := w.must(args...)
		require.Contains(t, said, "screen")
		require.NotContains(t, said, "\x1b")
		require.NotContains(t, said, "\u202e")
		require.NotContains(t, said, "\x07")
	}
}

func TestSettingsAreReadFromTheEnvironment(t *testing.T) {
	t.Parallel()
	p := start(t, []string{"AUREN_DB_DSN=" + pgtest.DSN(t)}, "verify")
	require.Zero(t, p.Code(), p.Stderr.String())
	p = start(t, []string{"AUREN_DB_WAIT=5"}, "verify")
	require.Equal(t, exitUsage, p.Code())
	require.Contains(t, p.Stderr.String(), `must be a duration, e.g. 30s or 5m, got "5" (from envar AUREN_DB_WAIT="5")`)
	p = start(t, []string{"AUREN_DB_POOL_SIZE=many", "AUREN_DB_DSN=" + os.DevNull}, "verify")
	require.Equal(t, exitUsage, p.Code())
	require.Contains(t, p.Stderr.String(), "AUREN_DB_POOL_SIZE")
}
