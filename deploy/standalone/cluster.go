package standalone

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// binaries returns the installation that serves the cluster; for one that does not exist yet, the preferred.
func binaries(clusterDir string) (installation, error) {
	wanted, err := clusterVersion(clusterDir)
	if err != nil {
		return installation{}, err
	}
	found, err := choose(installations("/"), wanted)
	if err == nil && wanted != 0 && found.version != wanted {
		err = fmt.Errorf("the database in %s is of PostgreSQL %d and the installed one is %d: install PostgreSQL %[2]d beside it, upgrade the database with pg_upgrade, or choose another AUREN_DATA_DIR; nothing was changed",
			clusterDir, wanted, found.version)
	}
	return found, err
}

// clusterVersion is the major version of the cluster, 0 when there is none.
func clusterVersion(clusterDir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(clusterDir, "PG_VERSION"))
	if err == nil {
		return majorVersion(string(text))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("read the version of the cluster: %w", err)
	}
	entries, err := os.ReadDir(clusterDir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("read the cluster: %w", err)
	}
	if len(entries) > 0 {
		return 0, fmt.Errorf("%s holds files but no PostgreSQL cluster; nothing was changed", clusterDir)
	}
	return 0, nil
}

// createCluster makes the cluster under another name and renames it when it is complete, so that an existing
// cluster is complete.
func createCluster(ctx context.Context, bin installation, clusterDir string, as *account, sync bool) error {
	unfinished := clusterDir + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("remove an unfinished cluster: %w", err)
	}
	err := makeDir(unfinished, 0o700)
	if err == nil {
		err = as.own(unfinished)
	}
	if err != nil {
		return fmt.Errorf("create the cluster: %w", err)
	}
	args := append([]string{"-D", unfinished, "-U", adminRole, "--encoding=UTF8",
		"--auth-local=trust", "--auth-host=reject", "--no-instructions"}, localeArguments()...)
	if !sync {
		args = append(args, "--no-sync")
	}
	if err := runInitdb(ctx, filepath.Join(bin.binDir, "initdb"), args, as); err != nil {
		return err
	}
	if err := os.Rename(unfinished, clusterDir); err != nil {
		return fmt.Errorf("create the cluster: %w", err)
	}
	return syncDir(filepath.Dir(clusterDir))
}

func runInitdb(ctx context.Context, program string, args []string, as *account) error {
	var said strings.Builder
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	cmd.Dir, cmd.Env, cmd.SysProcAttr = "/", serverEnvironment(), as.attributes()
	cmd.Stdout, cmd.Stderr = &said, &said
	ended, err := startProcess(cmd)
	if err == nil {
		err = <-ended
	}
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(said.String()))
	}
	return nil
}

// localeArguments choose UTF-8 characters in the order of their bytes, which is that of their code points and which
// PostgreSQL compares by itself: by the collation C.UTF-8 it asks the C library. macOS knows no C.UTF-8.
func localeArguments() []string {
	if runtime.GOOS == "darwin" {
		return []string{"--locale=C", "--lc-ctype=en_US.UTF-8"}
	}
	return []string{"--locale=C.UTF-8", "--lc-collate=C"}
}

// keepMemory makes the C library (glibc) keep freed memory for the next statement. By default it returns the memory of a
// batch of events, some hundred kilobytes, to the kernel and requests it again page by page: a tenth of the cost of
// appending the batch. A connection that needed that much keeps up to 32 MB.
var keepMemory = []string{"MALLOC_TOP_PAD_=8388608", "MALLOC_TRIM_THRESHOLD_=33554432", "MALLOC_MMAP_THRESHOLD_=33554432"}

// serverEnvironment leaves out every variable that would configure PostgreSQL, and our own secrets.
func serverEnvironment() []string {
	env := append([]string{"LC_ALL=C", "TZ=UTC"}, keepMemory...)
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// syncDir makes a rename survive a power failure.
func syncDir(dir string) error {
	opened, err := os.Open(dir)
	if err == nil {
		defer opened.Close()
		err = opened.Sync()
	}
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
