package standalone

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// install puts programs in a directory that answer like those of PostgreSQL.
func install(t *testing.T, dir, version string, programs ...string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for _, program := range programs {
		script := "#!/bin/sh\necho '" + program + " (PostgreSQL) " + version + "'\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, program), []byte(script), 0o755))
	}
	return dir
}

func TestFindPrefersThePathThenTheNewest(t *testing.T) {
	root := t.TempDir()
	at := func(dir string) string { return filepath.Join(root, dir) }
	t.Setenv("PATH", at("path"))
	debian9 := install(t, at("usr/lib/postgresql/9.6/bin"), "9.6.24", "postgres", "initdb")
	debian16 := install(t, at("usr/lib/postgresql/16/bin"), "16.4 (Debian 16.4-1)", "postgres", "initdb")
	brew17 := install(t, at("opt/homebrew/opt/postgresql@17/bin"), "17.1 (Homebrew)", "postgres", "initdb")
	install(t, at("usr/pgsql-18/bin"), "18.0", "postgres") // without initdb it is of no use
	require.Equal(t, []installation{{brew17, 17}, {debian16, 16}, {debian9, 9}}, installations(root))

	path15 := install(t, at("path"), "15devel", "postgres", "initdb")
	found := installations(root)
	require.Equal(t, []installation{{path15, 15}, {brew17, 17}, {debian16, 16}, {debian9, 9}}, found)
	for wanted, want := range map[int]installation{0: {path15, 15}, 16: {debian16, 16}, 12: {path15, 15}} {
		chosen, err := choose(installations(root), wanted)
		require.NoError(t, err)
		require.Equal(t, want, chosen)
	}
}

func TestNothingInstalledSaysWhatToType(t *testing.T) {
	for program, command := range map[string]string{
		"apt-get": "apt-get install -y postgresql",
		"dnf":     "dnf install -y postgresql-server postgresql-contrib",
		"none":    "https://www.postgresql.org/download/",
	} {
		bin := install(t, t.TempDir(), "", program)
		t.Setenv("PATH", bin)
		_, err := choose(nil, 0)
		var missing *NotInstalledError
		require.ErrorAs(t, err, &missing)
		require.ErrorContains(t, err, "PostgreSQL is not installed; install it with: ")
		require.ErrorContains(t, err, command)
		require.Equal(t, os.Geteuid() != 0 && program != "none", bytes.HasPrefix([]byte(missing.Command), []byte("sudo ")))
	}
	_, err := choose([]installation{{"/old", 11}}, 0)
	require.ErrorContains(t, err, "PostgreSQL 11 is too old, AUREN needs 14 or newer; install it with: ")
}

func TestInstallDoesNothingWithoutAPackageManager(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	var said bytes.Buffer
	var missing *NotInstalledError
	require.ErrorAs(t, InstallPostgres(t.Context(), &said), &missing)
	require.Empty(t, said.String())
}

func TestDefaultDataDir(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_DATA_HOME", "/elsewhere")
	want := map[bool]string{true: "/var/lib/auren", false: "/elsewhere/auren"}[os.Geteuid() == 0]
	dir, err := DefaultDataDir()
	require.NoError(t, err)
	require.Equal(t, want, dir)
	if os.Geteuid() != 0 {
		t.Setenv("XDG_DATA_HOME", "relative")
		dir, err = DefaultDataDir()
		require.NoError(t, err)
		require.Equal(t, filepath.Join(home, ".local/share/auren"), dir)
	}
}
