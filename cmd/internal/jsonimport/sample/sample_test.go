package sample

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// written returns all files of a tree.
func written(t *testing.T, o Options) (map[string]string, Summary) {
	t.Helper()
	dir := t.TempDir()
	summary, err := Write(dir, o)
	require.NoError(t, err)
	files := map[string]string{}
	require.NoError(t, fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		files[path] = string(text)
		return err
	}))
	return files, summary
}

func TestATreeDependsOnItsOptionsAlone(t *testing.T) {
	t.Parallel()
	one, summary := written(t, Options{Records: 200})
	two, again := written(t, Options{Records: 200})
	require.Equal(t, one, two)
	require.Equal(t, summary, again)
}

func TestATreeIsAsLargeAsAskedFor(t *testing.T) {
	t.Parallel()
	files, summary := written(t, Options{})
	require.InDelta(t, 3000, summary.Added, 150)
	require.Greater(t, summary.Agents["neuroscientist"], 1000)
	require.Len(t, files, summary.Files+summary.Ignored)
	require.Equal(t, summary.Records, summary.Added+summary.Duplicate+summary.Rejected)

	_, summary = written(t, Options{Records: 20_000, WithoutOddities: true})
	require.InDelta(t, 20_000, summary.Added, 100)
	require.Zero(t, summary.Rejected+summary.Duplicate+summary.Problems)
}

func TestFilesLookLikePythonsJSON(t *testing.T) {
	t.Parallel()
	text := encode(object{{"a", list{1, 2.0, 0.05, true, nil}}, {"é\"", "🧠\n"}, {"x", verbatim("NaN")}, {"empty", list{}}, {"none", object{}}})
	require.Equal(t, `{
  "a": [
    1,
    2.0,
    0.05,
    true,
    null
  ],
  "\u00e9\"": "\ud83e\udde0\n",
  "x": NaN,
  "empty": [],
  "none": {}
}`, string(text))

	files, _ := written(t, Options{WithoutOddities: true})
	texts := 0
	for path, file := range files {
		require.True(t, bytes.IndexFunc([]byte(file), func(r rune) bool { return r > 126 }) < 0, path)
		require.NotContains(t, file, "{name}")
		texts += strings.Count(file, "Anna")
	}
	require.Greater(t, texts, 2000)
}

func TestSentencesVary(t *testing.T) {
	t.Parallel()
	files, _ := written(t, Options{WithoutOddities: true})
	seen := map[string]bool{}
	lines := 0
	for line := range strings.Lines(files["neuroscientist/specialist_memory.json"]) {
		if strings.Contains(line, `"learning"`) {
			lines++
			seen[line] = true
		}
	}
	require.Greater(t, lines, 1000)
	require.Greater(t, len(seen), lines/4)
}
