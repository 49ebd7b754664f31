package standalone

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// RunningError means that a running AUREN uses the data directory.
type RunningError struct {
	DataDir string
	PID     int // of that AUREN; 0 when it has not said so yet
}

// Error names the directory and the process.
func (e *RunningError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("AUREN is already running on %s", e.DataDir)
	}
	return fmt.Sprintf("AUREN is already running on %s (pid %d)", e.DataDir, e.PID)
}

// A heldLock is a lock that this process has.
type heldLock struct{ file *os.File }

// release frees the lock. Closing the file alone would not: a process that is being started, by another
// goroutine, has a copy of the descriptor until its program runs, and the lock ends with the last copy.
func (l heldLock) release() {
	_ = syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN) // else closing frees it, a moment later
	l.file.Close()
}

// lock takes one of the locks of a data directory, until it is released or the process ends. It returns a
// *RunningError if the lock is taken. The file stays: removing it would let two processes lock two files of one name.
func lock(dataDir, name string) (heldLock, error) {
	file, err := os.OpenFile(filepath.Join(dataDir, name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return heldLock{}, fmt.Errorf("lock the data directory: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer file.Close()
		holder := make([]byte, 20)
		n, _ := file.ReadAt(holder, 0) // an unreadable pid is an unknown one
		pid, _ := strconv.Atoi(strings.TrimSpace(string(holder[:n])))
		return heldLock{}, &RunningError{DataDir: dataDir, PID: pid}
	}
	held := heldLock{file}
	if err == nil {
		err = file.Truncate(0)
	}
	if err == nil {
		_, err = fmt.Fprintln(file, os.Getpid())
	}
	if err != nil {
		held.release()
		return heldLock{}, fmt.Errorf("lock the data directory: %w", err)
	}
	return held, nil
}
