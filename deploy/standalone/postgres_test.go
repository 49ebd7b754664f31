package standalone

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestServerKeepsItsDataOverAStop(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	p := start(t, dir)
	execute(t, p.DSN(), "create table kept as select 'it' as what")
	stop(t, p)

	require.NoFileExists(t, filepath.Join(dir, "postgres", "postmaster.pid"))
	require.NoFileExists(t, filepath.Join(dir, "run", socketName))
	require.Contains(t, serverLogText(t, dir), "database system is shut down")
	stop(t, p) // a second time

	p = start(t, dir)
	require.Equal(t, "it", ask(t, p.DSN(), "select what from kept"))
	require.NotContains(t, serverLogText(t, dir), "not properly shut down")
}

func TestServerIsPrivateAndSetUpForUs(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	p, err := StartPostgres(t.Context(), PostgresConfig{DataDir: dir})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Kill()) })
	for query, answer := range map[string]string{
		"select current_user || '@' || current_database()":                      "auren@auren",
		"select rolsuper::text from pg_roles where rolname = current_user":      "false",
		"select datcollate from pg_database where datname = current_database()": "C",
		"show listen_addresses": "",
		"show server_encoding":  "UTF8",
		"show timezone":         "UTC",
		"show jit":              "off",
		"show fsync":            "on",
		"show max_connections":  "100",
	} {
		require.Equal(t, answer, ask(t, p.DSN(), query), query)
	}
	require.Equal(t, "postgres@postgres", ask(t, p.AdminDSN(), "select current_user || '@' || current_database()"))

	group, err := syscall.Getpgid(p.process.Pid)
	require.NoError(t, err)
	require.Equal(t, p.process.Pid, group, "Ctrl-C in the terminal would reach the server")
	for _, private := range []string{"postgres", "run"} {
		info, err := os.Stat(filepath.Join(dir, private))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
		require.Equal(t, os.Geteuid() == 0, info.Sys().(*syscall.Stat_t).Uid != uint32(os.Geteuid()), "owner of %s", private)
	}
}

func TestSecondStartIsRefusedWhileTheFirstLives(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	p := start(t, dir)
	link := filepath.Join(dataDir(t), "link")
	require.NoError(t, os.Symlink(dir, link))

	for _, name := range []string{dir, link} {
		_, err := StartPostgres(t.Context(), PostgresConfig{DataDir: name})
		require.ErrorContains(t, err, fmt.Sprintf("AUREN is already running on %s (pid %d)", dir, os.Getpid()))
	}
	require.Equal(t, "1", ask(t, p.DSN(), "select '1'"))
}

func TestLockIsFreedThoughAStartingProcessHasItsDescriptor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	held, err := lock(dir, "test.lock")
	require.NoError(t, err)
	inherited, err := syscall.Dup(int(held.file.Fd())) // as a fork has it until its exec
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(inherited) })
	held.release()
	held, err = lock(dir, "test.lock")
	require.NoError(t, err)
	held.release()
}

func TestServerGoesDownCleanlyWhenItsParentIsKilled(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	parent, _ := startParent(t, "postgres", dir)
	dsn, ok, err := RunningDSN(dir)
	require.NoError(t, err)
	require.True(t, ok)
	execute(t, dsn, "create table kept as select 'it' as what")
	kill(t, parent)

	require.Eventually(t, func() bool {
		return strings.Contains(serverLogText(t, dir), "database system is shut down")
	}, 20*time.Second, 5*time.Millisecond)
	require.NoFileExists(t, filepath.Join(dir, "postgres", "postmaster.pid"))
}

func TestStartWaitsForTheServerOfAKilledParent(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	for range 3 {
		parent, _ := startParent(t, "postgres", dir)
		dsn, _, err := RunningDSN(dir)
		require.NoError(t, err)
		execute(t, dsn, "create table if not exists kept (n int); insert into kept values (1)")
		kill(t, parent)
		stop(t, start(t, dir))
	}
	require.Equal(t, "3", ask(t, start(t, dir).DSN(), "select count(*)::text from kept"))
	require.NotContains(t, serverLogText(t, dir), "not properly shut down")
}

func TestServerThatDiesByItselfIsReportedAndRecovers(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	p := start(t, dir)
	execute(t, p.DSN(), "create table kept as select 'it' as what")
	require.NoError(t, p.Err())
	require.NoError(t, p.process.Kill())

	select {
	case <-p.Done():
	case <-time.After(20 * time.Second):
		require.Fail(t, "the death of the server went unnoticed")
	}
	require.ErrorContains(t, p.Err(), "PostgreSQL ended by itself: signal: killed")
	require.Equal(t, "it", ask(t, start(t, dir).DSN(), "select what from kept"))
}

func TestStartWaitsForTheOrphansOfAKilledServer(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	p := start(t, dir)
	conn := connect(t, p.DSN())
	// A backend that is stopped does not notice the death of its server.
	orphan := int(conn.PgConn().PID())
	require.NoError(t, syscall.Kill(orphan, syscall.SIGSTOP))
	resume := func() { _ = syscall.Kill(orphan, syscall.SIGCONT) }
	t.Cleanup(resume)
	require.NoError(t, p.process.Kill())
	<-p.Done()

	waited := false
	again, err := StartPostgres(t.Context(), PostgresConfig{DataDir: dir, Settings: small(), Progress: func(what string) {
		if strings.Contains(what, "processes of the former") {
			waited = true
			resume()
		}
	}})
	require.NoError(t, err)
	require.True(t, waited)
	require.NoError(t, again.Kill())
	require.NoError(t, conn.PgConn().Conn().Close())
}

func TestStopThatRunsOutOfTimeKills(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	p := start(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Stop(ctx); err != nil { // it may have been fast enough
		require.ErrorIs(t, err, context.Canceled)
	}
	<-p.Done()
	require.NoError(t, p.Err())
	stop(t, start(t, dir))
}
