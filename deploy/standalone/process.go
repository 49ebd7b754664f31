package standalone

import (
	"os/exec"
	"runtime"
)

// startProcess starts a child that is interrupted when we die, however we die. The channel gets what Wait
// says once the child has ended.
func startProcess(cmd *exec.Cmd) (<-chan error, error) {
	started, ended := make(chan error, 1), make(chan error, 1)
	go func() {
		// The kernel signals the child when the thread that forked it ends, not when the process does:
		// the thread stays ours until the child has ended, and then goes with the goroutine.
		runtime.LockOSThread()
		release, err := tieToParent(cmd)
		if err != nil {
			started <- err
			return
		}
		defer release()
		if err := cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		ended <- cmd.Wait()
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return ended, nil
}
