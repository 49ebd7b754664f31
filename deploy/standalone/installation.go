package standalone

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
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

// installation is a directory that holds initdb and postgres of one major version.
type installation struct {
	binDir  string
	version int
}

// FindPostgres returns the directory of the PostgreSQL binaries to use: those on the PATH, else the newest in the places
// where the common platforms put them. None of at least MinVersion is a *NotInstalledError.
func FindPostgres() (binDir string, err error) {
	found, err := choose(installations("/"), 0)
	return found.binDir, err
}

// choose picks the installation of the wanted version, or the preferred one when any version will do (0).
// Without one of the wanted version the preferred one comes back, for the caller to see the difference.
func choose(found []installation, wanted int) (installation, error) {
	newest := 0
	for _, i := range found {
		newest = max(newest, i.version)
	}
	found = slices.DeleteFunc(found, func(i installation) bool { return i.version < MinVersion })
	if len(found) == 0 {
		return installation{}, &NotInstalledError{Newest: newest, Command: installCommand()}
	}
	if at := slices.IndexFunc(found, func(i installation) bool { return i.version == wanted }); at >= 0 {
		return found[at], nil
	}
	return found[0], nil
}

// installations lists what is installed: first what the PATH leads to, then the rest, newest first.
func installations(root string) []installation {
	var onPath, rest []installation
	seen := map[string]bool{}
	add := func(list *[]installation, dir string) {
		real, err := filepath.EvalSymlinks(dir)
		if err != nil || seen[real] {
			return
		}
		seen[real] = true
		if i, ok := inspect(real); ok {
			*list = append(*list, i)
		}
	}
	if program, err := exec.LookPath("postgres"); err == nil {
		if program, err = filepath.EvalSymlinks(program); err == nil {
			add(&onPath, filepath.Dir(program))
		}
	}
	if dir, err := output("pg_config", "--bindir"); err == nil {
		add(&onPath, dir)
	}
	for _, pattern := range usualPlaces {
		dirs, _ := filepath.Glob(filepath.Join(root, pattern)) // the patterns are well-formed
		for _, dir := range dirs {
			add(&rest, dir)
		}
	}
	slices.SortStableFunc(rest, func(a, b installation) int { return cmp.Compare(b.version, a.version) })
	return append(onPath, rest...)
}

var usualPlaces = []string{
	"usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
	"usr/pgsql-*/bin",                                   // postgresql.org's packages for Fedora and RHEL
	"usr/bin",                                           // Fedora, Arch
	"usr/lib/postgresql*/bin",                           // openSUSE
	"usr/libexec/postgresql*",                           // Alpine
	"opt/homebrew/opt/postgresql*/bin",                  // Homebrew on Apple silicon
	"usr/local/opt/postgresql*/bin",                     // Homebrew on Intel
	"home/linuxbrew/.linuxbrew/opt/postgresql*/bin",     // Homebrew on Linux
	"Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
	"Library/PostgreSQL/*/bin",                          // EnterpriseDB's installer
	"opt/local/lib/postgresql*/bin",                     // MacPorts
	"usr/local/pgsql/bin",                               // built from source
	"usr/local/bin",                                     // FreeBSD
	"opt/postgresql*/bin",
	"opt/pgsql*/bin",
}

// inspect reads the version of the binaries in a directory; ok says that it holds all that is needed.
func inspect(dir string) (found installation, ok bool) {
	if _, err := exec.LookPath(filepath.Join(dir, "initdb")); err != nil {
		return installation{}, false
	}
	answer, err := output(filepath.Join(dir, "postgres"), "--version")
	if err != nil {
		return installation{}, false
	}
	version, err := majorVersion(answer)
	return installation{binDir: dir, version: version}, err == nil
}

// majorVersion reads the 15 of "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)" and of "15".
func majorVersion(text string) (int, error) {
	for word := range strings.FieldsSeq(text) {
		digits := word[:len(word)-len(strings.TrimLeft(word, "0123456789"))]
		if digits != "" {
			return strconv.Atoi(digits)
		}
	}
	return 0, fmt.Errorf("%q holds no version", text)
}

func output(program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

// InstallPostgres installs the platform's PostgreSQL package without asking, and shows on out what the package manager
// says. If it is neither root nor may become it without a password, or knows no package manager, it returns a
// *NotInstalledError that says what to type. Debian's default cluster is neither created nor started.
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

// aptScript keeps Debian's package from creating and starting a cluster, and removes that setting of the machine again.
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
