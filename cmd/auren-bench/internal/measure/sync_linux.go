package measure

import (
	"os"
	"syscall"
)

// syncData makes what was written last, without what a reader does not need.
func syncData(file *os.File) error { return syscall.Fdatasync(int(file.Fd())) } //nolint:gosec // a descriptor is small
