package standalone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// maxRecovery bounds how long a server may take to become ready; after a crash it replays its log.
const maxRecovery = 10 * time.Minute

// errOrphans means that processes of a killed server still hold its shared memory.
var errOrphans = errors.New("processes of the former PostgreSQL still run")

// launch is one start of the server, repeatable.
type launch struct {
	program  string
	cluster  string
	settings map[string]string
	as       *account
	log      *serverLog
}

// run starts the server and returns when it is ready. It waits for the orphans of a killed server, which end once
// they notice.
func (l *launch) run(ctx context.Context, progress func(string)) (*os.Process, <-chan error, error) {
	ctx, cancel := context.WithTimeout(ctx, maxRecovery)
	defer cancel()
	deadline := time.Now().Add(formerShutdown)
	for {
		process, ended, err := l.once(ctx, progress)
		if !errors.Is(err, errOrphans) || time.Now().After(deadline) {
			return process, ended, err
		}
		progress("waiting for the processes of the former PostgreSQL")
		select {
		case <-ctx.Done():
			return nil, nil, err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (l *launch) once(ctx context.Context, progress func(string)) (*os.Process, <-chan error, error) {
	cmd := exec.Command(l.program, append([]string{"-D", l.cluster}, arguments(l.settings)...)...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = l.cluster, serverEnvironment(), l.as.attributes()
	cmd.Stdout, cmd.Stderr = l.log.file, l.log.file
	if err := l.log.mark(); err != nil {
		return nil, nil, err
	}
	ended, err := startProcess(cmd)
	if err != nil {
		return nil, nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := l.awaitReady(ctx, cmd.Process.Pid, ended, progress); err != nil {
		return nil, nil, err
	}
	return cmd.Process, ended, nil
}

// awaitReady looks at the server's own pid file rather than knock: a refused connection is an error in its log.
// On an error the server has ended.
func (l *launch) awaitReady(ctx context.Context, pid int, ended <-chan error, progress func(string)) error {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	slow := time.NewTimer(2 * time.Second)
	defer slow.Stop()
	for {
		select {
		case err := <-ended:
			said := l.log.tail()
			if strings.Contains(said, "pre-existing shared memory block") {
				err = errOrphans
			}
			return fmt.Errorf("start PostgreSQL: %w: %s", err, said)
		case <-ctx.Done():
			_ = syscall.Kill(pid, syscall.SIGQUIT) // one that has ended needs none
			return fmt.Errorf("start PostgreSQL: %w", errors.Join(ctx.Err(), <-ended))
		case <-slow.C:
			progress("waiting for PostgreSQL to recover")
		case <-look.C:
			server, err := readPostmaster(l.cluster)
			if err == nil && server != nil && server.pid == pid && server.status == ready {
				return nil
			}
		}
	}
}

const maxLog = 10 * mib

// serverLog is the file that the server writes its stderr to, itself: what it says after our death is kept.
type serverLog struct {
	file  *os.File
	start int64 // where this run of the server begins
}

func openLog(path string) (*serverLog, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("server log: %w", err)
	}
	l := &serverLog{file: file}
	if err := l.rotate(maxLog); err != nil {
		file.Close()
		return nil, fmt.Errorf("server log: %w", err)
	}
	return l, nil
}

// mark begins a run of the server.
func (l *serverLog) mark() error {
	info, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("server log: %w", err)
	}
	l.start = info.Size()
	return nil
}

// rotate copies a log that has reached limit to the file with .1 appended and empties it. It cannot be
// renamed: the server holds it open. What the server says between the two steps is lost.
func (l *serverLog) rotate(limit int64) error {
	info, err := l.file.Stat()
	if err != nil || info.Size() < limit {
		return err
	}
	former, err := os.OpenFile(l.file.Name()+".1", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer former.Close()
	if _, err := io.Copy(former, io.NewSectionReader(l.file, 0, info.Size())); err != nil {
		return err
	}
	l.start = 0
	return l.file.Truncate(0)
}

// tail is the end of what the server said in this run, for an error.
func (l *serverLog) tail() string {
	info, err := l.file.Stat()
	if err != nil {
		return ""
	}
	from := max(l.start, info.Size()-2000)
	text := make([]byte, max(0, info.Size()-from))
	n, _ := l.file.ReadAt(text, from) // less is better than nothing
	return strings.TrimSpace(string(text[:n]))
}

func (l *serverLog) close() {
	l.file.Close()
}

const mib = 1 << 20

// serverSettings are what the server is started with; extra ones win.
func serverSettings(socketDir string, memory uint64, extra map[string]string) map[string]string {
	size := func(share, least, most uint64) string {
		return fmt.Sprintf("%dMB", min(max(share/mib, least), most))
	}
	settings := map[string]string{
		"listen_addresses":        "",
		"unix_socket_directories": `"` + strings.ReplaceAll(socketDir, `"`, `""`) + `"`, // a list of names
		"unix_socket_permissions": "0700",
		"port":                    socketPort,
		"max_connections":         "100",
		"cluster_name":            "auren",
		"timezone":                "UTC",

		"shared_buffers":       size(memory/8, 128, 2048),
		"effective_cache_size": size(memory/2, 256, 65536),
		"maintenance_work_mem": size(memory/32, 64, 512),
		"work_mem":             "16MB",
		"max_wal_size":         "2GB",
		"min_wal_size":         "1GB", // everyone waits while a new segment is filled with zeros
		"random_page_cost":     "1.1", // the planner's default is for disks that turn
		"autovacuum_naptime":   "10s", // statements are planned while the tables are empty, and again once there are statistics
		"jit":                  "off", // compiling takes longer than our queries do

		"logging_collector": "off", // the server's stderr is our log file
		"log_destination":   "stderr",
		"log_timezone":      "UTC",
		"log_line_prefix":   "%m [%p] ",
		"log_checkpoints":   "off",
		"lc_messages":       "C",
	}
	maps.Copy(settings, extra)
	return settings
}

// arguments are the settings as options of the server, in a fixed order.
func arguments(settings map[string]string) []string {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}
