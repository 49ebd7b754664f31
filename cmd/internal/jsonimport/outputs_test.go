package jsonimport

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/auren-memory/auren/domain"
)

func TestOutputsAmongTheSourcesAreRefused(t *testing.T) {
	t.Parallel()
	root := filesOf(t, map[string]string{"a.json": "[]", "sub/b.json": "[]"})
	file, beside := filepath.Join(root, "a.json"), t.TempDir()
	link, dangling, inside := filepath.Join(beside, "link"), filepath.Join(beside, "dangling"), filepath.Join(beside, "inside")
	hardLink, users := filepath.Join(beside, "hard_link"), filepath.Join(beside, "users.json")
	require.NoError(t, os.Symlink(file, link))
	require.NoError(t, os.Symlink(filepath.Join(beside, "nowhere"), dangling))
	require.NoError(t, os.Symlink(root, inside))
	require.NoError(t, os.Link(file, hardLink))
	require.NoError(t, os.WriteFile(users, []byte("{}"), 0o600))

	for problem, o := range map[string]Options{
		"lies within " + root + ", which is imported": {Root: root, Outcomes: filepath.Join(root, "sub", "new.jsonl")},
		"which is imported; choose":                   {Root: root, Rejects: filepath.Join(inside, "new", "new.jsonl")},
		"new.jsonl lies within":                       {Root: inside, Rejects: filepath.Join(root, "new.jsonl")},
		"is the same file as a.json":                  {Root: root, Outcomes: hardLink},
		"the same file as a.json":                     {Root: file, Rejects: hardLink},
		"same file as a.json, which is imported":      {Root: file, Outcomes: link},
		"file as a.json, which is imported; choose":   {Root: link, Outcomes: file},
		"as " + users + ", which is read":             {Root: root, Inputs: []string{users}, Outcomes: users},
		"is a dangling symbolic link":                 {Root: root, Outcomes: dangling},
		"is not a file":                               {Root: root, Outcomes: beside},
		"is the file of --rejects":                    {Root: root, Rejects: filepath.Join(beside, "new"), Outcomes: beside + "/./new"},
		"would be imported next time":                 {Root: root, Backup: filepath.Join(root, "sub", "backup")},
		"imported next time":                          {Root: root, Backup: root},
	} {
		for _, dryRun := range []bool{false, true} {
			o.DryRun = dryRun
			_, err := Run(t.Context(), o, Deps{})
			require.ErrorContains(t, err, problem)
			require.ErrorContains(t, err, "choose")
			require.Equal(t, domain.Invalid, domain.KindOf(err))
			require.NoFileExists(t, filepath.Join(beside, "new"))
			for _, name := range []string{file, filepath.Join(root, "sub", "b.json")} {
				require.Equal(t, "[]", read(t, name))
			}
		}
	}
	elsewhere := filepath.Join(beside, "elsewhere")
	require.NoError(t, os.WriteFile(elsewhere, []byte("kept"), 0o600))
	link = filepath.Join(beside, "link_elsewhere")
	require.NoError(t, os.Symlink(elsewhere, link))
	_, err := Run(t.Context(), Options{Root: root, Rejects: link}, Deps{})
	require.ErrorContains(t, err, "--rejects: "+link+" is a symbolic link to a file; choose")
}

func TestOutputsKeepOtherHardLinks(t *testing.T) {
	t.Parallel()
	w, dir := setup(t), t.TempDir()
	root := filesOf(t, map[string]string{"list.json": `[{"content": 1, "agent_id": "a", "timestamp": "2026-01-01"}, 5]`})
	rejects, outcomes, former := filepath.Join(dir, "rejects"), filepath.Join(dir, "outcomes"), filepath.Join(dir, "former")
	require.NoError(t, os.WriteFile(former, []byte("kept"), 0o600))
	require.NoError(t, os.Link(former, rejects))
	require.NoError(t, os.Link(former, outcomes))

	_, told := w.run(t, Options{Root: root, Rejects: rejects, Outcomes: outcomes})
	require.Equal(t, "kept", read(t, former))
	require.Len(t, lines[rejection](t, rejects), 1)
	require.Len(t, told, 2)
	written := read(t, outcomes)
	require.Contains(t, written, `{"file":"list.json","index":0,"verdict":"added","id":"`)
	require.Contains(t, written, `{"file":"list.json","index":1,"verdict":"rejected","reason":"`)
	require.Equal(t, 1, strings.Count(written, `"id":`), "none was made for the other")
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 3, "nothing is left beside them")

	device, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	w.run(t, Options{Root: root, Rejects: os.DevNull})
	still, err := os.Stat(os.DevNull)
	require.NoError(t, err)
	require.True(t, os.SameFile(device, still), "a device stays what it is")
}
