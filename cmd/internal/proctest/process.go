// Package proctest starts processes for tests, which wait for them and break them. If the process ends before a wait does,
// or the wait times out, the test fails with the output of the process.
package proctest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	tick   = 5 * time.Millisecond
	logged = 16_000 // bytes from the end of each output that a failed test logs
)

// Config describes the process and how long the test waits for it.
type Config struct {
	Program string
	Args    []string
	// Env is added to the test's PATH and HOME and to TZ=UTC, and wins over them. Nothing else is passed on.
	Env []string
	// Dir is the working directory; default the test's.
	Dir string
	// Credential is the account that the process runs as; default the test's.
	Credential *syscall.Credential
	// Patience bounds each wait; the machine may be busy with other tests.
	Patience time.Duration
}

// Process is a program, running or ended. Its methods are safe for concurrent use; those that may end the test are for
// the test's goroutine alone.
type Process struct {
	Stdout, Stderr Output

	t        testing.TB
	cmd      *exec.Cmd
	patience time.Duration
	ended    chan struct{}
	err      error // set when ended is closed
}

// Start starts a process. It is killed when the test ends, and its output is logged if the test failed.
func Start(t testing.TB, config Config) *Process {
	t.Helper()
	p := &Process{t: t, cmd: exec.Command(config.Program, config.Args...), patience: config.Patience, ended: make(chan struct{})}
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TZ=UTC"}, config.Env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.Stdout, &p.Stderr
	p.cmd.Dir = config.Dir
	// Not in our process group, so that a Ctrl-C interrupts only the tests.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: config.Credential}
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("%s\n%s\n%s", p.cmd, p.Stdout.End(logged), p.Stderr.End(logged))
		}
	})
	return p
}

// PID is the id of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends a signal; to a process that has ended it does nothing.
func (p *Process) Signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// Kill ends the process as a crash would, and returns when it has ended.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.ended
}

// Stop ends the process in order, with SIGTERM. The test fails if the process fails, or had failed before.
func (p *Process) Stop() {
	p.t.Helper()
	p.Signal(syscall.SIGTERM)
	require.NoError(p.t, p.Wait(), "%s", &p.Stderr)
}

// Ended is closed when the process has ended and all its output has been read.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Wait waits for the end and returns what exec.Cmd.Wait does: nil if the exit code is 0.
func (p *Process) Wait() error {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(p.patience):
		require.FailNow(p.t, "the process does not end", "%s\n%s", &p.Stdout, &p.Stderr)
	}
	return p.err
}

// Code waits for the end and returns the exit code, -1 if a signal ended the process.
func (p *Process) Code() int {
	p.t.Helper()
	err := p.Wait()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	require.NoError(p.t, err)
	return 0
}

// Says waits until Stdout matches the pattern and returns its last group.
func (p *Process) Says(pattern string) string {
	p.t.Helper()
	expected := regexp.MustCompile(pattern)
	var found []string
	p.WaitUntil("it says "+pattern, func() bool {
		found = expected.FindStringSubmatch(p.Stdout.String())
		return found != nil
	})
	return found[len(found)-1]
}

// WaitUntil polls until done returns true, one last time after the process has ended.
func (p *Process) WaitUntil(what string, done func() bool) {
	p.t.Helper()
	deadline := time.After(p.patience)
	again := time.NewTicker(tick)
	defer again.Stop()
	for !done() {
		select {
		case <-p.ended:
			if done() {
				return
			}
			require.FailNow(p.t, "the process ended", "before %s: %v\n%s\n%s", what, p.err, &p.Stdout, &p.Stderr)
		case <-deadline:
			require.FailNow(p.t, "too slow", "%s\n%s\n%s", what, &p.Stdout, &p.Stderr)
		case <-again.C:
		}
	}
}

// Output keeps what is written to it. The zero value is empty; it is safe for concurrent use.
type Output struct {
	mu   sync.Mutex
	said bytes.Buffer
}

func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.Write(p)
}

// String returns all that was written so far.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.String()
}

// End returns at most limit bytes from the end.
func (o *Output) End(limit int) string {
	said := o.String()
	return said[max(0, len(said)-limit):]
}
