package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

// patience bounds what a test waits for; the machine may be busy with other tests.
const (
	patience = 3 * time.Minute
	tick     = 5 * time.Millisecond
)

// output collects what a process says.
type output struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.String()
}

// process is the binary, running.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan struct{}
	err            error
}

// start runs the binary with an environment that holds nothing of ours but what is named.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	return startAs(t, nil, program, env, args...)
}

func startAs(t *testing.T, as *syscall.Credential, program string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.cmd.Env = append([]string{asBinary + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TZ=UTC"}, env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.Dir = "/"
	// Away from our process group, so that a Ctrl-C on the tests comes to us alone.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as}
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-p.ended
		if t.Failed() {
			t.Logf("auren %s\n%s\n%s", strings.Join(args, " "), &p.stdout, &p.stderr)
		}
	})
	return p
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// says waits until stdout holds what the pattern matches, and returns its first group.
func (p *process) says(pattern string) string {
	p.t.Helper()
	expected := regexp.MustCompile(pattern)
	var found []string
	p.waitUntil("it says "+pattern, func() bool {
		found = expected.FindStringSubmatch(p.stdout.String())
		return found != nil
	})
	return found[len(found)-1]
}

func (p *process) waitUntil(what string, done func() bool) {
	p.t.Helper()
	deadline := time.After(patience)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !done() {
		select {
		case <-p.ended:
			if done() {
				return
			}
			require.FailNow(p.t, "the process ended", "before %s: %v\n%s\n%s", what, p.err, &p.stdout, &p.stderr)
		case <-deadline:
			require.FailNow(p.t, "too slow", "%s\n%s\n%s", what, &p.stdout, &p.stderr)
		case <-again.C:
		}
	}
}

// code waits for the end and returns the exit code.
func (p *process) code() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		require.FailNow(p.t, "the process does not end", "%s\n%s", &p.stdout, &p.stderr)
	}
	if exit, ok := errors.AsType[*exec.ExitError](p.err); ok {
		return exit.ExitCode()
	}
	require.NoError(p.t, p.err)
	return 0
}

// kill ends the process as a crash would.
func (p *process) kill() {
	p.t.Helper()
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// url waits for the API and returns where it is.
func (p *process) url() string {
	p.t.Helper()
	return p.says(`(http://127\.0\.0\.1:\d+)`)
}

// ready tells whether /health/ready says so, and what it says.
func ready(url string) (bool, string) {
	answer, err := http.Get(url + "/health/ready")
	if err != nil {
		return false, err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return err == nil && answer.StatusCode == http.StatusOK, string(body)
}

// anyPorts are the settings of a stack that must not meet others of this machine.
func anyPorts(dataDir string) []string {
	return []string{"AUREN_DATA_DIR=" + dataDir, "AUREN_HTTP_ADDR=127.0.0.1:0", "AUREN_NATS_ADDR=127.0.0.1:0"}
}

// call runs a command of this program within the test and returns what it says and its exit code.
func call(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, said output
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &said)
	return out.String(), said.String(), code
}

// must is call for what has to succeed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := call(t, "", args...)
	require.Zero(t, code, "auren %s\n%s\n%s", strings.Join(args, " "), stdout, stderr)
	return stdout
}

func decode[T any](t *testing.T, text string) (value T) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), &value), text)
	return value
}

// stranger is an ordinary account, a copy of the binary that it may run, and a data directory of its own. Where we
// are no root, it is ourselves.
func stranger(t *testing.T) (as *syscall.Credential, program, dataDir string) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	if os.Geteuid() != 0 {
		return nil, program, pgtest.DataDir(t)
	}
	nobody, err := user.Lookup("nobody")
	require.NoError(t, err)
	uid, err := strconv.ParseUint(nobody.Uid, 10, 32)
	require.NoError(t, err)
	gid, err := strconv.ParseUint(nobody.Gid, 10, 32)
	require.NoError(t, err)

	dir := pgtest.DataDir(t)
	raw, err := os.ReadFile(program)
	require.NoError(t, err)
	program = filepath.Join(dir, "auren")
	require.NoError(t, os.WriteFile(program, raw, 0o755))
	dataDir = filepath.Join(dir, "data")
	require.NoError(t, os.Mkdir(dataDir, 0o700))
	require.NoError(t, os.Chown(dataDir, int(uid), int(gid)))
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, program, dataDir
}
