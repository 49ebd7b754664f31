package standalone

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
)

// MinVersion is the oldest major version of PostgreSQL that AUREN runs on.
const MinVersion = 14

// NotInstalledError says that this machine has no PostgreSQL that AUREN can run, and what to type.
type NotInstalledError struct {
	Newest  int    // the newest major version found, all of them too old; 0 when there is none
	Command string // the command that installs PostgreSQL on this platform
}

// Error names the command.
func (e *NotInstalledError) Error() string {
	lack := "PostgreSQL is not installed"
	if e.Newest > 0 {
		lack = fmt.Sprintf("PostgreSQL %d is too old, AUREN needs %d or newer", e.Newest, MinVersion)
	}
	return lack + "; install it with: " + e.Command
}

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
