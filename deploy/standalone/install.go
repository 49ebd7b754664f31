package standalone

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// packageManager knows how one family of platforms installs PostgreSQL.
type packageManager struct {
	program string
	command string // what a person types
	script  string // what we run when nobody is there to answer; empty: the command
	asUser  bool   // refuses root and needs none
}

var packageManagers = []packageManager{
	{program: "apt-get", command: "apt-get install -y postgresql", script: aptScript},
	{program: "dnf", command: "dnf install -y postgresql-server postgresql-contrib"},
	{program: "yum", command: "yum install -y postgresql-server postgresql-contrib"},
	{program: "apk", command: "apk add postgresql postgresql-contrib"},
	{program: "pacman", command: "pacman -Sy --noconfirm postgresql"},
	{program: "zypper", command: "zypper --non-interactive install postgresql-server postgresql-contrib"},
	{program: "brew", command: "brew install postgresql@17", asUser: true},
}

// aptScript keeps Debian's package from creating and starting a cluster of its own. It removes the setting
// afterwards: it belongs to the machine.
const aptScript = `set -e
export DEBIAN_FRONTEND=noninteractive
setting=/etc/postgresql-common/createcluster.d/auren.conf
mkdir -p "${setting%/*}"
trap 'rm -f "$setting"' EXIT
echo 'create_main_cluster = false' > "$setting"
apt-get -o DPkg::Lock::Timeout=120 update
apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends postgresql
`

// platformPackageManager is the one of this machine; ok is false when we know none of those it has.
func platformPackageManager() (manager packageManager, ok bool) {
	for _, m := range packageManagers {
		if m.asUser != (runtime.GOOS == "darwin") {
			continue
		}
		if _, err := exec.LookPath(m.program); err == nil {
			return m, true
		}
	}
	return packageManager{}, false
}

// installCommand is the one command to type on this machine.
func installCommand() string {
	manager, ok := platformPackageManager()
	switch {
	case !ok && runtime.GOOS == "darwin":
		return "brew install postgresql@17 (Homebrew itself: https://brew.sh)"
	case !ok:
		return "the package manager of this platform, or see https://www.postgresql.org/download/"
	case manager.asUser || os.Geteuid() == 0:
		return manager.command
	}
	return "sudo " + manager.command
}

// InstallPostgres installs the platform's PostgreSQL package, without asking anything, and shows what the
// package manager says on out. Where it may not - we are neither root nor allowed to become it without
// a password - or where it knows no package manager, it does nothing and returns a *NotInstalledError
// that says what to type. Debian's default cluster is neither created nor started.
func InstallPostgres(ctx context.Context, out io.Writer) error {
	manager, ok := platformPackageManager()
	if !ok || !mayInstall(ctx, manager) {
		return &NotInstalledError{Command: installCommand()}
	}
	script := manager.script
	if script == "" {
		script = manager.command
	}
	args := []string{"/bin/sh", "-c", script}
	if os.Geteuid() != 0 && !manager.asUser {
		args = append([]string{"sudo", "-n"}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("install PostgreSQL with %s: %w; try it yourself: %s",
			strings.Fields(manager.command)[0], err, installCommand())
	}
	_, err := FindPostgres()
	return err
}

func mayInstall(ctx context.Context, manager packageManager) bool {
	root := os.Geteuid() == 0
	if root || manager.asUser {
		return root != manager.asUser
	}
	return exec.CommandContext(ctx, "sudo", "-n", "true").Run() == nil
}
