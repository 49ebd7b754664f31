package standalone

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
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
