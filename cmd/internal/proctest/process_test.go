package proctest_test

import (
	"fmt"
	"regexp"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/proctest"
)

const patience = time.Minute

func shell(script string) proctest.Config {
	return proctest.Config{Program: "sh", Args: []string{"-c", script}, Patience: patience}
}

// failing records why a test failed, in place of the real one.
type failing struct {
	testing.TB
	why string
}

func (f *failing) Errorf(format string, args ...any) { f.why += fmt.Sprintf(format, args...) }
func (f *failing) FailNow()                          { runtime.Goexit() }

func TestWaitsEndTheTest(t *testing.T) {
	t.Parallel()
	impatient := shell("exec sleep 600")
	impatient.Patience = 10 * time.Millisecond
	for name, c := range map[string]struct {
		process proctest.Config
		wait    func(p *proctest.Process)
		why     string
	}{
		"where the process ends before it says it": {shell("echo this; exit 3"), func(p *proctest.Process) { p.Says("that") }, `the process ended(.|\n)*before it says that: exit status 3\s+this`},
		"where the process ends well, too":         {shell("echo this"), func(p *proctest.Process) { p.Says("that") }, `before it says that: <nil>\s+this`},
		"where it is said to the wrong output":     {shell("echo that >&2"), func(p *proctest.Process) { p.Says("that") }, `before it says that`},
		"where it takes too long":                  {impatient, func(p *proctest.Process) { p.Says("that") }, `too slow`},
		"where the process does not end":           {impatient, func(p *proctest.Process) { p.Code() }, `the process does not end`},
		"where the process had failed before":      {shell("echo why >&2; exit 3"), func(p *proctest.Process) { <-p.Ended(); p.Stop() }, `exit status 3(.|\n)*why`},
		"where the process does not end in order":  {shell("exec sleep 600"), func(p *proctest.Process) { p.Stop() }, `signal: terminated`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &failing{TB: t}
			over, goesOn := make(chan struct{}), false
			go func() {
				defer close(over)
				c.wait(proctest.Start(f, c.process))
				goesOn = true
			}()
			<-over
			require.False(t, goesOn)
			require.Regexp(t, regexp.MustCompile(c.why), f.why)
		})
	}
}

func TestOutputAndExitCodes(t *testing.T) {
	t.Parallel()
	p := proctest.Start(t, shell(`trap 'echo stopped; exit 0' TERM; echo "at one:two"; while :; do sleep 0.01; done`))
	require.Equal(t, "two", p.Says(`at (\w+):(\w+)`))
	p.Stop()
	require.Equal(t, "at one:two\nstopped\n", p.Stdout.String())
	require.Equal(t, "stopped\n", p.Stdout.End(len("stopped\n")))
	require.Zero(t, p.Code())

	p = proctest.Start(t, shell("echo last; exit 3"))
	require.Equal(t, 3, p.Code())
	require.Equal(t, "last", p.Says("last"), "output before the end is not lost")

	p = proctest.Start(t, shell("exec sleep 600"))
	p.Kill()
	require.Equal(t, -1, p.Code())
}

func TestEnvironmentIsNotInherited(t *testing.T) {
	t.Parallel()
	p := proctest.Start(t, proctest.Config{Program: "env", Env: []string{"NAMED=yes", "HOME=/elsewhere"}, Dir: "/", Patience: patience})
	require.Zero(t, p.Code())
	require.Regexp(t, `^PATH=.*\nTZ=UTC\nNAMED=yes\nHOME=/elsewhere\n$`, p.Stdout.String())
}
