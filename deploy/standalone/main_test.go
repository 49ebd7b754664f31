package standalone

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// parentVariable makes the test binary a parent to be killed: its value says of what, parentDir where.
const (
	parentVariable = "AUREN_STANDALONE_TEST_PARENT"
	parentDir      = "AUREN_STANDALONE_TEST_DIR"
)

func TestMain(m *testing.M) {
	if child := os.Getenv(parentVariable); child != "" {
		beParent(child)
	}
	goleak.VerifyTestMain(m)
}

// beParent starts the child, says its pid, and waits to be killed.
func beParent(child string) {
	var pid int
	var err error
	switch child {
	case "postgres":
		var p *Postgres
		p, err = StartPostgres(context.Background(), PostgresConfig{DataDir: os.Getenv(parentDir), Settings: small()})
		if err == nil {
			pid = p.process.Pid
		}
	case "guarded":
		cmd := exec.Command("sleep", "600")
		_, err = guard(cmd)
		if err == nil {
			err = cmd.Start()
		}
		if err == nil {
			pid = cmd.Process.Pid
		}
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(pid)
	_, _ = io.Copy(io.Discard, os.Stdin) // should the test end without killing us
	os.Exit(0)
}

// startParent runs the test binary as the parent of a child and returns both once the child runs.
func startParent(t *testing.T, child, dir string) (parent *exec.Cmd, childPID int) {
	t.Helper()
	parent = exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentVariable+"="+child, parentDir+"="+dir)
	stdin, err := parent.StdinPipe()
	require.NoError(t, err)
	stdout, err := parent.StdoutPipe()
	require.NoError(t, err)
	parent.Stderr = os.Stderr
	require.NoError(t, parent.Start())
	t.Cleanup(func() { stdin.Close() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	childPID, err = strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err, line)
	return parent, childPID
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	require.NoError(t, cmd.Process.Kill())
	require.ErrorContains(t, cmd.Wait(), "killed")
}

// small settings suffice where nobody pulls the plug.
func small() map[string]string {
	return map[string]string{"shared_buffers": "128MB", "fsync": "off"}
}

// dataDir is a directory that the account of PostgreSQL may enter when the tests run as root.
func dataDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "auren-standalone-") //nolint:usetesting // only root may enter what t.TempDir makes
	require.NoError(t, err)
	t.Cleanup(func() { // a server whose parent was killed may be shutting down
		require.EventuallyWithT(t, func(c *assert.CollectT) { assert.NoError(c, os.RemoveAll(dir)) },
			2*time.Minute, 10*time.Millisecond)
	})
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chmod(dir, 0o711))
	}
	return dir
}

func start(t *testing.T, dir string) *Postgres {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	p, err := StartPostgres(ctx, PostgresConfig{DataDir: dir, Settings: small()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Kill()) })
	return p
}

func stop(t *testing.T, p *Postgres) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, p.Stop(ctx))
	require.NoError(t, p.Err())
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	return conn
}

func execute(t *testing.T, dsn, statements string) {
	t.Helper()
	conn := connect(t, dsn)
	defer conn.Close(context.Background())
	_, err := conn.Exec(t.Context(), statements)
	require.NoError(t, err, statements)
}

func ask(t *testing.T, dsn, query string) (answer string) {
	t.Helper()
	conn := connect(t, dsn)
	defer conn.Close(context.Background())
	require.NoError(t, conn.QueryRow(t.Context(), query).Scan(&answer))
	return answer
}

func serverLogText(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "postgres.log"))
	require.NoError(t, err)
	return string(text)
}

// TestAllAsAnOrdinaryUser runs the tests of this package once more without the rights of root.
func TestAllAsAnOrdinaryUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return // they run so already
	}
	nobody, err := user.Lookup("nobody")
	require.NoError(t, err)
	uid, err := strconv.Atoi(nobody.Uid)
	require.NoError(t, err)
	gid, err := strconv.Atoi(nobody.Gid)
	require.NoError(t, err)

	// The binary lies where only root may look.
	dir := dataDir(t)
	program := filepath.Join(dir, "standalone.test")
	self, err := os.Executable()
	require.NoError(t, err)
	content, err := os.ReadFile(self)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(program, content, 0o755))
	temp := filepath.Join(dir, "tmp")
	require.NoError(t, os.Mkdir(temp, 0o700))
	require.NoError(t, os.Chown(temp, uid, gid))

	cmd := exec.Command(program, "-test.v", "-test.timeout=5m")
	cmd.Dir = temp
	cmd.Env = append(os.Environ(), "TMPDIR="+temp, "HOME="+temp)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	ended, err := startProcess(cmd)
	require.NoError(t, err)
	require.NoError(t, <-ended, output.String())
	require.Contains(t, output.String(), "--- PASS: TestServerGoesDownCleanlyWhenItsParentIsKilled")
}
