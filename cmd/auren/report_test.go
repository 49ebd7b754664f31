package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/jsonimport"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

func TestAnImportReportsWhyRecordsWereRejected(t *testing.T) {
	t.Parallel()
	dsn, dir := pgtest.DSN(t), t.TempDir()
	tree, rejects := filepath.Join(dir, "tree"), filepath.Join(dir, "rejects.jsonl")
	require.NoError(t, os.Mkdir(tree, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(tree, "a.json"), []byte(`[{"content": 1}, {"content": 2}, {"content": 3}, 5]`), 0o600))
	arguments := []string{"--db-dsn", dsn, "import", tree, "--dry-run"}

	stdout := fails(t, jsonimport.ExitIncomplete, "", arguments...)
	require.Contains(t, stdout, "rejected because\n  3  user_id: required; give one with --user or --user-map\n  1  must be an object, got a number")
	require.Contains(t, stdout, "repeat with --rejects FILE")
	require.Equal(t, 1, strings.Count(stdout, "nothing was written"), stdout)
	require.NotContains(t, stdout, "verified")

	require.Contains(t, fails(t, jsonimport.ExitIncomplete, "", append(arguments, "--rejects", rejects)...), "the rejected records are in "+rejects)
	stdout = fails(t, jsonimport.ExitIncomplete, "", append(arguments, "--json")...)
	require.Equal(t, 3, decode[jsonimport.Report](t, stdout).Reasons["user_id: required; give one with --user or --user-map"])
}

func TestAnImpossibleImportIsRejectedBeforeItBegins(t *testing.T) {
	t.Parallel()
	dsn, dir := pgtest.DSN(t), t.TempDir()
	fails(t, exitUsage, "auren: open /nowhere/at/all: no such file or directory\n", "--db-dsn", dsn, "import", "/nowhere/at/all")

	tree, rejects, backup := filepath.Join(dir, "tree"), filepath.Join(dir, "none", "rejects"), filepath.Join(dir, "backup")
	require.NoError(t, os.Mkdir(tree, 0o700))
	fails(t, exitUsage, "auren: --rejects: "+rejects+" cannot be written: no such file or directory\n",
		"--db-dsn", dsn, "import", tree, "--rejects", rejects, "--backup", backup)
	require.NoDirExists(t, backup, "nothing was begun")
}
