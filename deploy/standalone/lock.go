package standalone

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// A heldLock is a lock that this process has.
type heldLock struct{ file *os.File }

// release frees the lock. Closing the file alone would not: a process that is being started, by another
// goroutine, has a copy of the descriptor until its program runs, and the lock ends with the last copy.
func (l heldLock) release() {
	_ = syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN) // else closing frees it, a moment later
	l.file.Close()
}

// lock takes one of the locks of a data directory, until it is released or the process ends. If it is taken,
// the error names its holder. The file stays: removing it would let two processes lock two files of one name.
func lock(dataDir, name string) (heldLock, error) {
	file, err := os.OpenFile(filepath.Join(dataDir, name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return heldLock{}, fmt.Errorf("lock the data directory: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer file.Close()
		holder := make([]byte, 20)
		n, _ := file.ReadAt(holder, 0) // empty until the holder has written it
		return heldLock{}, fmt.Errorf("AUREN is already running on %s (pid %s)", dataDir, bytes.TrimSpace(holder[:n]))
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
