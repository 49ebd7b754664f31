package standalone

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

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
