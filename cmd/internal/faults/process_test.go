package faults_test

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/proctest"
)

// patience bounds what a test waits for; the machine may be busy with other tests.
const (
	patience = time.Minute
	tick     = 10 * time.Millisecond
	logged   = 4000 // bytes of what each process said
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

// process is one that the tests start and break.
type process struct {
	*proctest.Process
	t *testing.T
}

func start(t *testing.T, program string, env []string, args ...string) *process {
	t.Helper()
	return &process{proctest.Start(t, proctest.Config{Program: program, Args: args, Env: env, Patience: patience}), t}
}

// reached waits until the failpoint of the process is reached.
func (p *process) reached() {
	p.t.Helper()
	p.WaitUntil("its failpoint is reached", p.hasReached)
}

func (p *process) hasReached() bool { return strings.Contains(p.Stderr.String(), "failpoint") }

// died waits until the process has been killed by its failpoint.
func (p *process) died() {
	p.t.Helper()
	err := p.Wait()
	require.True(p.t, p.hasReached(), "it did not end at its failpoint: %v\n%s", err, &p.Stderr)
	exit, ok := errors.AsType[*exec.ExitError](err)
	require.True(p.t, ok, "%v", err)
	require.Equal(p.t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal())
}
