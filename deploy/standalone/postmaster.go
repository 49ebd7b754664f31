package standalone

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	roleName     = "auren"
	databaseName = "auren"
	adminRole    = "postgres"

	ready    = "ready"
	stopping = "stopping"
)

// postmaster is the content of a server's postmaster.pid.
type postmaster struct {
	pid       int
	socketDir string
	status    string // starting, ready, stopping, …
}

// readPostmaster returns nil when there is no such file. What the server has not written yet is empty.
func readPostmaster(clusterDir string) (*postmaster, error) {
	text, err := os.ReadFile(filepath.Join(clusterDir, "postmaster.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the server's pid file: %w", err)
	}
	// pid, data directory, start time, port, socket directory, listen address, shared memory, status
	lines := append(strings.Split(string(text), "\n"), make([]string, 8)...)
	pid, _ := strconv.Atoi(strings.TrimSpace(lines[0])) // a torn file names nobody
	return &postmaster{pid: pid, socketDir: lines[4], status: strings.TrimSpace(lines[7])}, nil
}

// RunningDSN returns the DSN of the PostgreSQL that serves this data directory now, for another process than
// the one that started it; ok is false when none is up and ready. Without the right to look it is an error.
func RunningDSN(dataDir string) (dsn string, ok bool, err error) {
	if _, err := os.Stat(dataDir); errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if dataDir, err = resolve(dataDir); err != nil {
		return "", false, err
	}
	server, err := readPostmaster(clusterDir(dataDir))
	if err != nil || server == nil || server.status != ready || !runsPostgres(server.pid) {
		return "", false, err
	}
	return socketDSN(server.socketDir, roleName, databaseName), true, nil
}

// socketDSN names the port too: the environment of the client could name another.
func socketDSN(socketDir, role, database string) string {
	query := url.Values{"host": {socketDir}, "port": {socketPort}, "sslmode": {"disable"}}
	// A plus is a plus to PostgreSQL's clients, not a space.
	encoded := strings.ReplaceAll(query.Encode(), "+", "%20")
	dsn := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database, RawQuery: encoded}
	return dsn.String()
}

const (
	formerShutdown = time.Minute     // a fast shutdown may have much to write
	formerNotice   = 5 * time.Second // a server whose AUREN was killed knows it by then
)

// clearFormer waits until a former server of the cluster has gone, and removes what a dead one left in the way.
// The caller holds the lock, so no AUREN owns such a server.
func clearFormer(ctx context.Context, clusterDir, socketDir string, progress func(string)) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	start, told := time.Now(), false
	for {
		former, err := readPostmaster(clusterDir)
		if err != nil {
			return err
		}
		if former == nil || !runsPostgres(former.pid) {
			return removeStale(former, clusterDir, socketDir)
		}
		limit := formerNotice
		if former.status == stopping {
			limit = formerShutdown
		}
		if time.Since(start) > limit {
			return fmt.Errorf("a PostgreSQL that AUREN did not start serves %s; stop it with: kill -INT %d", clusterDir, former.pid)
		}
		if !told {
			progress("waiting for the former PostgreSQL to shut down")
			told = true
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the former PostgreSQL (pid %d): %w", former.pid, ctx.Err())
		case <-again.C:
		}
	}
}

// removeStale removes what keeps a new server from starting though no server runs. A pid file that names a
// dead process is left to the server, which also finds out whether orphans of the dead one still use its memory.
func removeStale(former *postmaster, clusterDir, socketDir string) error {
	stale := []string{filepath.Join(socketDir, socketName), filepath.Join(socketDir, socketName+".lock")}
	if former != nil && syscall.Kill(former.pid, 0) == nil {
		// A zombie or another program, which the server would take for its predecessor.
		stale = append(stale, filepath.Join(clusterDir, "postmaster.pid"))
	}
	for _, file := range stale {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what a dead server left: %w", err)
		}
	}
	return nil
}
