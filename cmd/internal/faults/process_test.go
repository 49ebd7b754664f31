package faults_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience bounds what a test waits for; the machine may be busy with other tests.
const (
	patience = time.Minute
	tick     = 10 * time.Millisecond
)

// program builds the binary with failpoints, once.
var program = sync.OnceValues(func() (string, error) {
	path, err := filepath.Abs("../../../bin/auren-failpoints")
	if err != nil {
		return "", err
	}
	said, err := exec.Command("go", "build", "-buildvcs=false", "-tags", "failpoints", "-o", path, "../../auren").CombinedOutput()
	if err != nil {
		return "", errors.New(string(said))
	}
	return path, nil
})

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

// process is one that the tests start and break.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr output
	ended          chan struct{}
	err            error
}

func start(t *testing.T, program string, env []string, args ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(program, args...), ended: make(chan struct{})}
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TZ=UTC"}, env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	// Away from our process group, so that a Ctrl-C on the tests comes to us alone.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s\n%s\n%s", strings.Join(args, " "), tail(p.stdout.String()), tail(p.stderr.String()))
		}
	})
	return p
}

func tail(said string) string { return said[max(0, len(said)-4000):] }

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// kill ends the process as a crash would.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// stop ends the process in order.
func (p *process) stop() {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	p.waitForEnd()
	require.NoError(p.t, p.err, "%s", &p.stderr)
}

func (p *process) waitForEnd() {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		require.FailNow(p.t, "the process does not end", "%s\n%s", &p.stdout, &p.stderr)
	}
}

// says waits until stdout holds what the pattern matches, and returns its last group.
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
	again := time.NewTicker(tick)
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

// reached waits until the failpoint of the process is reached.
func (p *process) reached() {
	p.t.Helper()
	p.waitUntil("its failpoint is reached", p.hasReached)
}

func (p *process) hasReached() bool { return strings.Contains(p.stderr.String(), "failpoint") }

// died waits until the process has been killed by its failpoint.
func (p *process) died() {
	p.t.Helper()
	p.waitForEnd()
	require.True(p.t, p.hasReached(), "it ended otherwise: %v\n%s", p.err, &p.stderr)
	exit, ok := errors.AsType[*exec.ExitError](p.err)
	require.True(p.t, ok, "%v", p.err)
	require.Equal(p.t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal())
}
