package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/deploy/standalone/pgtest"
)

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
	require.Zero(t, events(t, open(t, dsn)))
}
