package standalone

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// DefaultDataDir is where AUREN keeps its data when nothing is configured: /var/lib/auren for root; for an
// ordinary user ~/Library/Application Support/auren on macOS, else $XDG_DATA_HOME/auren or ~/.local/share/auren.
func DefaultDataDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/auren", nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) && runtime.GOOS != "darwin" {
		return filepath.Join(dir, "auren"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("data directory (AUREN_DATA_DIR): %w", err)
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "auren"), nil
	}
	return filepath.Join(home, ".local", "share", "auren"), nil
}

// OpenDataDir creates the data directory if it is missing and returns its absolute path without symbolic links.
func OpenDataDir(dir string) (string, error) {
	if dir == "" {
		return "", errors.New("no data directory is named")
	}
	mode := fs.FileMode(0o700)
	if os.Geteuid() == 0 {
		// PostgreSQL's account must be able to enter it.
		mode = 0o711
	}
	err := os.MkdirAll(filepath.Dir(dir), 0o755)
	if err == nil {
		err = makeDir(dir, mode)
	}
	if err != nil {
		return "", fmt.Errorf("data directory (AUREN_DATA_DIR): %w", err)
	}
	return resolve(dir)
}

func resolve(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return "", fmt.Errorf("data directory (AUREN_DATA_DIR): %w", err)
	}
	return dir, nil
}

// makeDir creates a directory with exactly this mode, and does not change an existing one.
func makeDir(dir string, mode fs.FileMode) error {
	switch err := os.Mkdir(dir, mode); {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	return os.Chmod(dir, mode)
}

func clusterDir(dataDir string) string {
	return filepath.Join(dataDir, "postgres")
}

const (
	socketName = ".s.PGSQL." + socketPort
	socketPort = "5432"
	// maxSocketPath is the shortest limit among the platforms, that of macOS; Linux allows 107 bytes.
	maxSocketPath = 103
)

// openSocketDir returns a directory that only the server's account and root can enter, with a path that can be
// that of a socket: short enough, and without the comma that separates hosts in a DSN.
func openSocketDir(dataDir string, as *account) (string, error) {
	dir := filepath.Join(dataDir, "run")
	if len(dir)+len("/"+socketName) > maxSocketPath || strings.Contains(dir, ",") {
		dir = fmt.Sprintf("/tmp/auren-%x", sha256.Sum256([]byte(dataDir)))[:len("/tmp/auren-")+16]
	}
	if err := makeDir(dir, 0o700); err != nil {
		return "", fmt.Errorf("socket directory: %w", err)
	}
	// In /tmp another user could have created it before, and our clients would trust that user.
	info, err := os.Lstat(dir)
	if err != nil {
		return "", fmt.Errorf("socket directory: %w", err)
	}
	owner := info.Sys().(*syscall.Stat_t).Uid
	if !info.IsDir() || info.Mode().Perm() != 0o700 || owner != as.uid() && owner != uint32(os.Geteuid()) {
		return "", fmt.Errorf("socket directory %s must be a directory of %s with mode 0700; remove it", dir, as)
	}
	if err := as.own(dir); err != nil {
		return "", fmt.Errorf("socket directory: %w", err)
	}
	return dir, nil
}

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
