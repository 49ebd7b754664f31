package standalone

import (
	"fmt"
	"os"
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

// guardScript becomes the child and leaves a reader of the pipe that interrupts it when the pipe ends without a word. The
// reader belongs to init: the child would take its end for that of a process of its own.
const guardScript = `( (read -r _ <&3 || kill -INT $$) </dev/null >/dev/null 2>&1 &)
exec "$@" 3<&-`

// guard interrupts the child when we die, on systems whose kernel does not. Call release once the child has ended.
func guard(cmd *exec.Cmd) (release func(), err error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("guard the child: %w", err)
	}
	cmd.Args = append([]string{"/bin/sh", "-c", guardScript, "auren-guard", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = "/bin/sh"
	cmd.ExtraFiles = []*os.File{read} // descriptor 3
	return func() {
		// Otherwise the reader would signal another process that was given the id of the ended child.
		_, _ = write.WriteString("ended\n") // fails only if the reader is gone
		write.Close()
		read.Close()
	}, nil
}
