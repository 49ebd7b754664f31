package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/cmd/internal/jsonimport"
	"github.com/auren-memory/auren/cmd/internal/jsonimport/sample"
	"github.com/auren-memory/auren/cmd/internal/terminal"
	"github.com/auren-memory/auren/deploy/standalone/pgtest"
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
	killed.WaitUntil("a part is in", func() bool { return count(t, pool, "events") > 500 })
	killed.Kill()
	before := count(t, pool, "events")
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
	require.Equal(t, summary.Added, count(t, pool, "events"))
}

func lines(t *testing.T, name string) []string {
	t.Helper()
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	return strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
}

func count(t *testing.T, pool *pgxpool.Pool, table string) (n int) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(), "select count(*) from "+table).Scan(&n))
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
	known := regexp.MustCompile(`"id":"[^"]+",`)
	for i, foretold := range lines(t, dry) {
		became := lines(t, real)[i]
		if !known.MatchString(foretold) {
			became = known.ReplaceAllLiteralString(became, "")
		}
		require.Equal(t, foretold, became, "the dry run foretold each outcome, but for random ids")
	}
	require.Contains(t, stdout, "\nall "+terminal.Count(summary.Added, "imported record")+" verified\n")
	require.FileExists(t, rejects)

	require.NoError(t, os.WriteFile(filepath.Join(tree, "only.json"), []byte("[{}]"), 0o600))
	require.NotRegexp(t, "(?m)%|^all ", fails(t, jsonimport.ExitIncomplete, "1 record left out", w.args("import", filepath.Join(tree, "only.json"))...))
}

func TestAnImportNeverOverwritesItsInput(t *testing.T) {
	t.Parallel()
	dsn, dir := pgtest.DSN(t), t.TempDir()
	tree, input, users := filepath.Join(dir, "tree"), filepath.Join(dir, "tree", "a.json"), filepath.Join(dir, "users.json")
	before := map[string]string{input: `[{"content": 1, "agent_id": "a", "timestamp": "2026-01-01"}, 5]`, users: `{"a": "anna"}`}
	require.NoError(t, os.Mkdir(tree, 0o700))
	for name, text := range before {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	link, hardLink, linkedMap := filepath.Join(dir, "link"), filepath.Join(dir, "hard_link"), filepath.Join(dir, "linked_map")
	require.NoError(t, os.Symlink(input, link))
	require.NoError(t, os.Link(input, hardLink))
	require.NoError(t, os.Link(users, linkedMap))

	for _, flag := range []string{"--outcomes", "--rejects"} {
		for _, target := range []string{input, link, hardLink, users, linkedMap, filepath.Join(tree, "new.jsonl")} {
			for _, more := range [][]string{nil, {"--dry-run"}} {
				arguments := append([]string{"--db-dsn", dsn, "import", tree, "--user-map", users, flag, target}, more...)
				_, stderr, code := call(t, "", arguments...)
				require.Equal(t, exitUsage, code, "%v: %s", arguments, stderr)
				require.Contains(t, stderr, "auren: "+flag+": "+target)
				for name, text := range before {
					now, err := os.ReadFile(name)
					require.NoError(t, err)
					require.Equal(t, text, string(now), arguments)
				}
			}
		}
	}
	require.NoFileExists(t, filepath.Join(tree, "new.jsonl"))
	require.Zero(t, count(t, open(t, dsn), "events"))
}

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
