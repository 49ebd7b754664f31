package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

// postmaster returns the process id of the PostgreSQL of a data directory.
func postmaster(t *testing.T, dataDir string) int {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dataDir, "postgres", "postmaster.pid"))
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.SplitN(string(raw), "\n", 2)[0])
	require.NoError(t, err)
	return pid
}

func lives(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return syscall.Kill(pid, 0) == nil && os.IsPermission(err)
	}
	return !strings.Contains(string(stat), ") Z ")
}

func TestUpEndsCleanlyAndStartsWarm(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	for range 2 {
		p := start(t, anyPorts(dir))
		url := p.url()
		p.Says("Ctrl-C")
		ok, said := ready(url)
		require.True(t, ok, said)
		server := postmaster(t, dir)

		p.Signal(syscall.SIGINT)
		require.Zero(t, p.Code())
		require.Contains(t, p.Stdout.String(), "stopped cleanly")
		require.Empty(t, strings.ReplaceAll(p.Stderr.String(), "creating a PostgreSQL database in "+filepath.Join(dir, "postgres")+"\n", ""))
		require.False(t, lives(server), "PostgreSQL was left behind")
		require.NoFileExists(t, filepath.Join(dir, "addresses.json"))
	}
}

func TestUpKilledLeavesNothingBehindAndStartsAgain(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"as we are", "as an ordinary user"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			credential, program, dir := stranger(t)
			if name == "as we are" {
				credential, dir = nil, pgtest.DataDir(t)
			}
			env := append(anyPorts(dir), "HOME="+dir)
			for range 3 {
				p := startAs(t, credential, program, env, "up")
				p.url()
				server := postmaster(t, dir)
				p.Kill()
				require.Eventually(t, func() bool { return !lives(server) }, patience, tick, "PostgreSQL was left behind")
			}
			p := startAs(t, credential, program, env, "up")
			ok, said := ready(p.url())
			require.True(t, ok, said)
			p.Stop()
		})
	}
}

func TestUpInterruptedDuringItsStartEndsCleanly(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	p := start(t, anyPorts(dir), "up")
	p.WaitUntil("it creates the database", func() bool { return strings.Contains(p.Stderr.String(), "creating") })
	p.Signal(syscall.SIGINT)
	require.Zero(t, p.Code(), p.Stderr.String())

	p = start(t, anyPorts(dir), "up")
	p.url()
}

func TestUpNamesWhatAnotherStackHolds(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	first := start(t, anyPorts(dir), "up")
	addr, nats := strings.TrimPrefix(first.url(), "http://"), first.Says(`nats://(127\.0\.0\.1:\d+)`)
	free := pgtest.DataDir(t)
	for _, held := range []struct{ dir, flag, addr, says string }{
		{dir, "--log-level", "warn", "already running"},
		{free, "--http-addr", addr, "AUREN_HTTP_ADDR"},
		{free, "--nats-addr", nats, "AUREN_NATS_ADDR"},
	} {
		second := start(t, anyPorts(held.dir), "up", held.flag, held.addr)
		require.Equal(t, exitFailed, second.Code())
		require.Contains(t, second.Stderr.String(), held.says)
	}
}

func TestUpSurvivesTheDeathOfItsPostgreSQL(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	p := start(t, anyPorts(dir), "up")
	url := p.url()
	before := must(t, "--data-dir", dir, "remember", "kept across a crash", "--agent", "a", "--user", "u", "--json")
	died := postmaster(t, dir)
	require.NoError(t, syscall.Kill(died, syscall.SIGKILL))
	id := decode[struct{ ID string }](t, before).ID
	p.WaitUntil("it starts PostgreSQL again", func() bool {
		stdout, _, _ := call(t, "", "--data-dir", dir, "show", id)
		return strings.Contains(p.Stderr.String(), "postgresql died") && strings.Contains(stdout, "kept across a crash")
	})
	require.NotEqual(t, died, postmaster(t, dir))
	p.WaitUntil("it is ready again", func() bool { ok, _ := ready(url); return ok })
	must(t, "--data-dir", dir, "remember", "written after it", "--agent", "a", "--user", "u")
	p.Signal(syscall.SIGINT)
	require.Zero(t, p.Code(), p.Stderr.String())
}

func TestASecondInterruptEndsAtOnce(t *testing.T) {
	t.Parallel()
	dir := pgtest.DataDir(t)
	p := start(t, anyPorts(dir), "up")
	p.url()
	server := postmaster(t, dir)
	// A suspended PostgreSQL blocks the graceful shutdown.
	require.NoError(t, syscall.Kill(server, syscall.SIGSTOP))
	defer func() { _ = syscall.Kill(server, syscall.SIGCONT) }()
	p.Signal(syscall.SIGINT)
	p.WaitUntil("another one ends it", func() bool {
		p.Signal(syscall.SIGINT)
		select {
		case <-p.Ended():
			return true
		default:
			return false
		}
	})
	require.NotContains(t, p.Stdout.String(), "stopped cleanly")
	require.NoError(t, syscall.Kill(server, syscall.SIGCONT))
	require.Eventually(t, func() bool { return !lives(server) }, patience, tick)
}

func TestUpUsesTheConfiguredServers(t *testing.T) {
	t.Parallel()
	dsn, nats := pgtest.DSN(t), startNATS(t)
	dir := filepath.Join(t.TempDir(), "unused")
	p := start(t, append(settings(dsn, nats), "AUREN_DATA_DIR="+dir), "up", "--demo")
	p.Says("(Ctrl-C stops everything)")
	require.Contains(t, p.Stdout.String(), "auren.evt.default.")
	ok, said := ready(p.url())
	require.True(t, ok, said)
	p.Signal(syscall.SIGINT)
	require.Zero(t, p.Code(), p.Stderr.String())
	require.NoDirExists(t, filepath.Join(dir, "postgres"))
	require.NoDirExists(t, filepath.Join(dir, "nats"))
	require.NotContains(t, p.Stdout.String()+p.Stderr.String(), "s3cret")
}

func TestDemoAsAnOrdinaryUserTwice(t *testing.T) {
	t.Parallel()
	credential, program, dir := stranger(t)
	env := append(anyPorts(dir), "HOME="+dir)

	p := startAs(t, credential, program, env, "up", "--demo", "--once")
	require.Zero(t, p.Code(), p.Stderr.String())
	first := p.Stdout.String()
	for _, expected := range []string{
		"imported records verified", "new memories", filepath.Join(dir, "sample-rejects.jsonl"),
		"Azelaic acid helps against redness",                                             // the answer to the question
		"memory_remembered", "memory_evidence_recorded", "memory_revised", "0.24 → 0.62", // the history
		"auren.evt.default.neuroscientist.anna.memory_revised", "ce-id", "ce-sequenceid", // the message
		"stopped cleanly",
	} {
		require.Contains(t, first, expected)
	}
	require.NotContains(t, first, "\x1b[", "a pipe has no colours")
	require.NotContains(t, first, "\n0 new memories")

	p = startAs(t, credential, program, env, "up", "--demo", "--once")
	require.Zero(t, p.Code(), p.Stderr.String())
	second := p.Stdout.String()
	require.Contains(t, second, "\n0 new memories: all of them were here already\n")
	require.Contains(t, second, "imported records verified")
	require.Equal(t, history(first), history(second), "a second demo adds nothing to the history")
	require.Equal(t, 4, len(history(second)))
}

// history picks the lines of the third step.
func history(said string) (lines []string) {
	_, said, _ = strings.Cut(said, "\n3  ")
	said, _, _ = strings.Cut(said, "\n4  ")
	for line := range strings.Lines(said) {
		if strings.Contains(line, "  memory_") {
			lines = append(lines, line)
		}
	}
	return lines
}
