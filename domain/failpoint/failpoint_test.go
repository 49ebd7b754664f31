package failpoint_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// build builds the probe and returns where it is.
func build(t *testing.T, flags ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "probe")
	args := append(append([]string{"build", "-buildvcs=false"}, flags...), "-o", program, "./testdata/probe")
	said, err := exec.Command("go", args...).CombinedOutput()
	require.NoError(t, err, string(said))
	return program
}

func symbols(t *testing.T, program string) string {
	t.Helper()
	said, err := exec.Command("go", "tool", "nm", program).Output()
	require.NoError(t, err)
	return string(said)
}

func TestAnOrdinaryBuildHasNoFailpoints(t *testing.T) {
	t.Parallel()
	program := build(t)
	require.NotContains(t, symbols(t, program), "domain/failpoint", "the compiler removes every call of Reached")
	run := exec.Command(program)
	run.Env = append(os.Environ(), "AUREN_FAILPOINT=1:1:kill")
	said, err := run.Output()
	require.NoError(t, err)
	require.Equal(t, "passed\n", string(said))
}

func TestATaggedBuildActsAccordingToItsEnvironment(t *testing.T) {
	t.Parallel()
	program := build(t, "-tags", "failpoints")
	require.Contains(t, symbols(t, program), "domain/failpoint.Reached")
	reach := func(env ...string) (said string, err error) {
		run := exec.Command(program)
		run.Env = append(os.Environ(), env...)
		out, err := run.CombinedOutput()
		return string(out), err
	}
	for _, env := range []string{"", "AUREN_FAILPOINT=2:1:kill", "AUREN_FAILPOINT=1:4:kill"} {
		said, err := reach(env)
		require.NoError(t, err, env)
		require.Equal(t, "passed\n", said, env)
	}
	said, err := reach("AUREN_FAILPOINT=1:3:kill")
	exit, ok := errors.AsType[*exec.ExitError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal())
	require.Equal(t, "failpoint 1 reached\n", said)

	victim := exec.Command("sleep", "600")
	require.NoError(t, victim.Start())
	said, err = reach("AUREN_FAILPOINT=1:1:kill-postgres", "AUREN_FAILPOINT_PID="+strconv.Itoa(victim.Process.Pid))
	require.NoError(t, err)
	require.Equal(t, "failpoint 1 reached\npassed\n", said)
	require.Error(t, victim.Wait())

	for _, wrong := range []string{"1", "1:2", "x:1:kill", "1:0:kill", "1:1:explode", "1:1:kill-postgres"} {
		_, err := reach("AUREN_FAILPOINT="+wrong, "AUREN_FAILPOINT_PID=")
		require.Error(t, err, wrong)
	}
}

// A point that the code never reaches tests nothing.
func TestEveryPointIsReachedInTheCode(t *testing.T) {
	t.Parallel()
	const root = "../.."
	raw, err := os.ReadFile("failpoint.go")
	require.NoError(t, err)
	points := map[string]int{}
	for _, found := range regexp.MustCompile(`(?m)^\t(\w+) +Point = \d+$`).FindAllStringSubmatch(string(raw), -1) {
		points[found[1]] = 0
	}
	require.NotEmpty(t, points)
	call := regexp.MustCompile(`failpoint\.Reached\(failpoint\.(\w+)\)`)
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata"):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		source, err := os.ReadFile(path)
		for _, found := range call.FindAllStringSubmatch(string(source), -1) {
			points[found[1]]++
		}
		return err
	})
	require.NoError(t, err)
	for point, calls := range points {
		require.Positive(t, calls, "nothing reaches %s", point)
	}
}
