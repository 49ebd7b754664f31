package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/jsonimport"
	"github.com/auren-memory/auren/cmd/internal/jsonimport/sample"
	"github.com/auren-memory/auren/cmd/internal/terminal"
)

func TestAnImportKilledHalfwayIsCompletedByTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tree := filepath.Join(t.TempDir(), "tree")
	summary, err := sample.Write(tree, sample.Options{Records: 5000, WithoutOddities: true})
	require.NoError(t, err)
	arguments := []string{"import", tree, "--user", sample.User, "--tz", sample.TimeZone, "--json"}

	pool := open(t, w.dsn)
	killed := start(t, settings(w.dsn, w.nats), arguments...)
	killed.WaitUntil("a part is in", func() bool { return events(t, pool) > 500 })
	killed.Kill()
	before := events(t, pool)
	require.Less(t, before, summary.Added, "it was killed half-way")

	report := decode[jsonimport.Report](t, w.must(arguments...))
	require.Equal(t, summary.Records, report.Total.Records)
	require.Equal(t, summary.Added, report.Total.Added+report.Total.Unchanged)
	require.GreaterOrEqual(t, report.Total.Unchanged, before, "the server may have committed what the killed import had sent")
	require.True(t, report.Verification.Complete())
	require.Equal(t, summary.Added, report.Verification.Checked)

	again := decode[jsonimport.Report](t, w.must(arguments...))
	require.Zero(t, again.Total.Added)
	require.Equal(t, summary.Added, again.Total.Verified)
	require.Equal(t, summary.Added, events(t, pool))
}

func lines(t *testing.T, name string) []string {
	t.Helper()
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	return strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
}

func events(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(), "select count(*) from events").Scan(&n))
	return n
}

func TestAnIncompleteImportHasAnExitCodeOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tree, rejects := filepath.Join(t.TempDir(), "tree"), filepath.Join(t.TempDir(), "rejects.jsonl")
	summary, err := sample.Write(tree, sample.Options{Records: 200})
	require.NoError(t, err)

	arguments := w.args("import", tree, "--user", sample.User, "--tz", sample.TimeZone, "--rejects", rejects)
	dry, real := filepath.Join(t.TempDir(), "dry.jsonl"), filepath.Join(t.TempDir(), "real.jsonl")
	stdout := fails(t, jsonimport.ExitIncomplete, "", append(arguments, "--dry-run", "--outcomes", dry)...)
	require.Contains(t, stdout, "dry run: nothing was written")

	incomplete := terminal.Count(summary.Rejected, "record") + " left out, " + terminal.Count(summary.Problems, "file") + " not read to the end"
	stdout = fails(t, jsonimport.ExitIncomplete, incomplete, append(arguments, "--outcomes", real)...)
	require.Len(t, lines(t, real), summary.Records)
	require.Equal(t, lines(t, dry), lines(t, real), "the dry run foretold each outcome")
	require.Contains(t, stdout, "\nall "+terminal.Count(summary.Added, "imported record")+" verified\n")
	require.FileExists(t, rejects)

	require.NoError(t, os.WriteFile(filepath.Join(tree, "only.json"), []byte("[{}]"), 0o600))
	require.NotRegexp(t, "(?m)%|^all ", fails(t, jsonimport.ExitIncomplete, "1 record left out", w.args("import", filepath.Join(tree, "only.json"))...))
}
