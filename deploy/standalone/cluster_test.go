package standalone

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAnotherVersionAndForeignFilesAreRejectedUntouched(t *testing.T) {
	t.Parallel()
	installed, err := choose(installations("/"), 0)
	require.NoError(t, err)
	another := fmt.Sprintf("/postgres is of PostgreSQL 9 and the installed one is %d: ", installed.version)
	for want, files := range map[string]map[string]string{
		another: {"PG_VERSION": "9\n", "base": "rows"},
		"no PostgreSQL cluster; nothing was changed": {"thesis.txt": "words"},
	} {
		dir := dataDir(t)
		cluster := filepath.Join(dir, "postgres")
		require.NoError(t, os.Mkdir(cluster, 0o700))
		for name, content := range files {
			require.NoError(t, os.WriteFile(filepath.Join(cluster, name), []byte(content), 0o600))
		}
		_, err := StartPostgres(t.Context(), PostgresConfig{DataDir: dir})
		require.ErrorContains(t, err, cluster)
		require.ErrorContains(t, err, want)
		entries, err := os.ReadDir(cluster)
		require.NoError(t, err)
		require.Len(t, entries, len(files))
		for name, content := range files {
			left, err := os.ReadFile(filepath.Join(cluster, name))
			require.NoError(t, err)
			require.Equal(t, content, string(left))
		}
	}
}

func TestStartGivenUpDuringCreationLeavesNoCluster(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := StartPostgres(ctx, PostgresConfig{DataDir: dir, Progress: func(string) { cancel() }})
	require.ErrorContains(t, err, "initdb")
	require.NoDirExists(t, filepath.Join(dir, "postgres"))

	// What a killed creation leaves is thrown away.
	half := filepath.Join(dir, "postgres.new", "base")
	require.NoError(t, os.MkdirAll(half, 0o700))
	start(t, dir)
	require.NoDirExists(t, filepath.Join(dir, "postgres.new"))
}

func TestDataDirectoryOfAnyName(t *testing.T) {
	t.Parallel()
	for name, elsewhere := range map[string]bool{
		`a+ "b" 'c' %d é`:                   false,
		"a, b":                              true,
		strings.Repeat("long/", 30) + "dir": true,
	} {
		dir := filepath.Join(dataDir(t), name)
		requireRunning(t, dir, "")
		p := start(t, dir)
		require.Equal(t, "1", ask(t, p.DSN(), "select '1'"))
		require.Equal(t, elsewhere, !strings.HasPrefix(p.socketDir, dir), p.socketDir)
		require.LessOrEqual(t, len(p.socketDir)+1+len(socketName), maxSocketPath)
		requireRunning(t, dir, p.DSN())
		stop(t, p)
		requireRunning(t, dir, "")
		if elsewhere {
			t.Cleanup(func() { require.NoError(t, os.Remove(p.socketDir)) })
		}
	}
}

// requireRunning compares what RunningDSN says of a directory; dsn is "" if no server runs.
func requireRunning(t *testing.T, dir, dsn string) {
	t.Helper()
	found, ok, err := RunningDSN(dir)
	require.NoError(t, err)
	require.Equal(t, dsn != "", ok)
	require.Equal(t, dsn, found)
}

func TestASocketDirectoryOfAnotherUserIsRejected(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(dataDir(t), strings.Repeat("long/", 30))
	socketDir, err := openSocketDir(dir, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.Remove(socketDir)) })
	require.NoError(t, os.Chmod(socketDir, 0o777))
	_, err = openSocketDir(dir, nil)
	require.ErrorContains(t, err, "must be a directory of this user with mode 0700")
}

func TestAStalePidFileIsRemoved(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	p := start(t, dir)
	dead := p.process.Pid
	stop(t, p)

	zombie := exec.Command("true")
	require.NoError(t, zombie.Start())
	t.Cleanup(func() { require.NoError(t, zombie.Wait()) })
	server, err := serverAccount(clusterDir(dir))
	require.NoError(t, err)
	leave := func(file, content string) {
		file = filepath.Join(dir, file)
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		require.NoError(t, server.own(file))
	}
	for _, pid := range []int{dead, zombie.Process.Pid, os.Getpid()} {
		lines := strings.Join([]string{strconv.Itoa(pid), filepath.Join(dir, "postgres"), "1700000000", "5432", filepath.Join(dir, "run"), "", "", "ready   ", ""}, "\n")
		leave("postgres/postmaster.pid", lines)
		leave("run/"+socketName+".lock", lines)
		leave("run/"+socketName, "")
		requireRunning(t, dir, "")
		stop(t, start(t, dir))
	}
}

func TestAServerOfAnotherProgramIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	stop(t, start(t, dir))
	as, err := serverAccount(clusterDir(dir))
	require.NoError(t, err)
	bin, err := binaries(clusterDir(dir))
	require.NoError(t, err)
	log, err := openLog(filepath.Join(dir, "other.log"))
	require.NoError(t, err)
	defer log.close()
	other := launch{
		program: filepath.Join(bin.binDir, "postgres"), cluster: clusterDir(dir), as: as, log: log,
		settings: serverSettings(filepath.Join(dir, "run"), 0, nil),
	}
	process, ended, err := other.run(t.Context(), func(string) {})
	require.NoError(t, err)

	_, err = StartPostgres(t.Context(), PostgresConfig{DataDir: dir})
	require.ErrorContains(t, err, "stop it with: kill -INT "+strconv.Itoa(process.Pid))
	dsn := socketDSN(filepath.Join(dir, "run"), roleName, databaseName)
	requireRunning(t, dir, dsn)
	require.Equal(t, "1", ask(t, dsn, "select '1'"))
	require.NoError(t, process.Signal(os.Interrupt))
	require.NoError(t, <-ended)
}

func TestDirectoryClosedToTheAccountIsNamed(t *testing.T) {
	t.Parallel()
	stranger := &account{name: "stranger"}
	stranger.credential.Uid, stranger.credential.Gid = 54321, 54321
	closed := filepath.Join(t.TempDir(), "closed")
	require.NoError(t, os.Mkdir(closed, 0o700))
	err := stranger.mayEnter(closed)
	require.ErrorContains(t, err, "the account stranger, which cannot enter "+closed+" (mode 0700)")
	require.ErrorContains(t, err, "AUREN_DATA_DIR")
}

func TestGuardInterruptsTheChildOfAKilledParent(t *testing.T) {
	t.Parallel()
	parent, child := startParent(t, "guarded", "")
	require.True(t, lives(child))
	kill(t, parent)
	require.Eventually(t, func() bool { return !lives(child) }, 20*time.Second, 5*time.Millisecond)
}

func TestGuardGoesWithItsChild(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "0")
	release, err := guard(cmd)
	require.NoError(t, err)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
	release()
	require.Empty(t, output)
}

// lives reports whether a process runs and is not a zombie.
func lives(pid int) bool {
	state, err := exec.Command("ps", "-p", strconv.Itoa(pid), "-o", "stat=").Output()
	return err == nil && !strings.HasPrefix(string(state), "Z")
}

func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "server.log")
	log, err := openLog(path)
	require.NoError(t, err)
	defer log.close()
	for _, text := range []string{"first\n", "second\n"} {
		require.NoError(t, log.mark())
		_, err = log.file.WriteString(text)
		require.NoError(t, err)
	}
	require.Equal(t, "second", log.tail())
	require.NoError(t, log.rotate(100))
	require.NoFileExists(t, path+".1")
	require.NoError(t, log.rotate(10))
	former, err := os.ReadFile(path + ".1")
	require.NoError(t, err)
	require.Equal(t, "first\nsecond\n", string(former))
	_, err = log.file.WriteString("third\n")
	require.NoError(t, err)
	require.Equal(t, "third", log.tail())
}
