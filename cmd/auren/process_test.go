package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/proctest"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

// patience bounds what a test waits for; the machine may be busy with other tests.
const (
	patience = 3 * time.Minute
	tick     = 5 * time.Millisecond
)

// process is the binary, running.
type process struct{ *proctest.Process }

// start runs the binary with the given environment only.
func start(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	return startAs(t, nil, program, env, args...)
}

func startAs(t *testing.T, as *syscall.Credential, program string, env []string, args ...string) *process {
	t.Helper()
	return &process{proctest.Start(t, proctest.Config{
		Program: program, Args: args, Env: append([]string{asBinary + "=1"}, env...), Dir: "/", Credential: as, Patience: patience,
	})}
}

// url waits until the API listens and returns its URL.
func (p *process) url() string {
	return p.Says(`(http://127\.0\.0\.1:\d+)`)
}

// ready returns whether /health/ready reports ready, and its body.
func ready(url string) (bool, string) {
	answer, err := http.Get(url + "/health/ready")
	if err != nil {
		return false, err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return err == nil && answer.StatusCode == http.StatusOK, string(body)
}

// anyPorts are settings that keep a stack from colliding with others on this machine.
func anyPorts(dataDir string) []string {
	return []string{"AUREN_DATA_DIR=" + dataDir, "AUREN_HTTP_ADDR=127.0.0.1:0", "AUREN_NATS_ADDR=127.0.0.1:0"}
}

// call runs a command within the test process and returns its output and its exit code.
func call(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, said proctest.Output
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &said)
	return out.String(), said.String(), code
}

// must is call for a command that must succeed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := call(t, "", args...)
	require.Zero(t, code, "auren %s\n%s\n%s", strings.Join(args, " "), stdout, stderr)
	return stdout
}

// fails is call for a command that must fail with a code and say something; it returns what it printed besides.
func fails(t *testing.T, code int, want string, args ...string) (stdout string) {
	t.Helper()
	stdout, stderr, got := call(t, "", args...)
	require.Equal(t, code, got, "auren %s\n%s\n%s", strings.Join(args, " "), stdout, stderr)
	require.Contains(t, stderr, want)
	return stdout
}

// follow runs a command that goes on until it is interrupted, which it takes for success.
func follow(t *testing.T, args ...string) (out *proctest.Output, interrupt func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, said, code := &proctest.Output{}, &proctest.Output{}, make(chan int, 1)
	go func() { code <- run(ctx, args, strings.NewReader(""), out, said) }()
	return out, func() {
		cancel()
		require.Zero(t, <-code, said.String())
	}
}

// post remembers something over HTTP and returns the status of the answer.
func post(t *testing.T, url string) (status int) {
	t.Helper()
	answer, err := http.Post(url+"/v1/memories", "application/json", strings.NewReader(`{"agent_id": "a", "user_id": "u", "content": "x"}`))
	require.NoError(t, err)
	answer.Body.Close()
	return answer.StatusCode
}

func decode[T any](t *testing.T, text string) (value T) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), &value), text)
	return value
}

// stranger returns an ordinary account, a copy of the binary that it may run, and a data directory of its own. Unless
// the tests run as root, it is their own account.
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

// asBinary is the variable that turns the test binary into auren itself, with the race detector in it.
const asBinary = "AUREN_TEST_AS_BINARY"

func TestMain(m *testing.M) {
	if os.Getenv(asBinary) != "" {
		main()
		return
	}
	pgtest.Main(m)
}

func TestFailingToPrintIsAFailure(t *testing.T) {
	t.Parallel()
	unwritable, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer unwritable.Close()
	read, unread, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, read.Close())
	defer unread.Close()

	dsn := pgtest.DSN(t)
	runTo := func(out *os.File, args ...string) (code int, said string) {
		var stderr proctest.Output
		code = run(t.Context(), append([]string{"--db-dsn", dsn}, args...), strings.NewReader(""), out, &stderr)
		return code, stderr.String()
	}
	for _, args := range [][]string{
		{"version"}, {"--version"}, {"--help"}, {"verify"}, {"verify", "--json"}, {"list"}, {"list", "--json"}, {"recall", "x"},
	} {
		code, said := runTo(unwritable, args...)
		require.Equal(t, exitFailed, code, args)
		require.Equal(t, "auren: write "+os.DevNull+": bad file descriptor\n", said, args)
		code, said = runTo(unread, args...)
		require.Equal(t, exitOK, code, args)
		require.Empty(t, said, args)
	}

	code, said := runTo(unwritable, "verify", "--loud")
	require.Equal(t, exitUsage, code)
	require.Contains(t, said, "unknown flag --loud")
	code, said = runTo(unread, "status", "--nats-url", "nats://127.0.0.1:1")
	require.Equal(t, exitFailed, code)
	require.Equal(t, "auren: not ready\n", said, "the command's own failure is reported")
	code, said = runTo(unwritable, "status", "--nats-url", "nats://127.0.0.1:1")
	require.Equal(t, exitFailed, code)
	require.Equal(t, "auren: not ready\nwrite "+os.DevNull+": bad file descriptor\n", said)
}
