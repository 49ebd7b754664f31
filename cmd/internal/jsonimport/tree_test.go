package jsonimport

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTreeIsWalkedInStableOrder(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "outside.json")
	require.NoError(t, os.WriteFile(outside, []byte(numbered(1)), 0o600))
	root := filesOf(t, map[string]string{"b.json": "[]", "a/x.JSON": "[]", "a.json": "[]", "d.json/e.json": "[]", "notes.txt": "", "c.json.bak": ""})
	require.NoError(t, os.Symlink(outside, filepath.Join(root, "out.json")))
	require.NoError(t, os.Symlink(filepath.Dir(outside), filepath.Join(root, "out")))
	require.NoError(t, os.Symlink("b.json", filepath.Join(root, "in.json")))
	require.NoError(t, os.Symlink("notes.txt", filepath.Join(root, "text.json")))
	require.NoError(t, os.Symlink("a", filepath.Join(root, "a_again")))
	require.NoError(t, os.Symlink(".", filepath.Join(root, "loop")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(root, "dangling.json")))
	require.NoError(t, syscall.Mkfifo(filepath.Join(root, "pipe.json"), 0o600))

	report, err := Run(t.Context(), Options{Root: root, User: "anna"}, Deps{})
	require.NoError(t, err)
	const out = "is a symbolic link that is dangling or leads out of the root; not followed"
	require.Equal(t, []string{"a/x.JSON: ", "a.json: ", "b.json: ", "d.json/e.json: ", "dangling.json: " + out, "out: " + out, "out.json: " + out,
		"pipe.json: is not a regular file; not read", "text.json: is a symbolic link to a file of another kind; not followed"},
		each(report.Files, func(f *FileReport) string { return f.Path + ": " + f.Problem }))
	require.Equal(t, 5, report.Ignored)
	require.Equal(t, ExitIncomplete, report.ExitCode())
}

func TestRootCanBeAFileOrALink(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := filesOf(t, map[string]string{"coach/specialist_memory.json": `{"relationship_score": 0.5}`, "coach/other.json": numbered(3)})
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(root, link))
	linked := filepath.Join(t.TempDir(), "linked.json")
	require.NoError(t, os.Symlink(filepath.Join(root, "coach", "specialist_memory.json"), linked))

	report, _ := w.run(t, Options{Root: link})
	require.Equal(t, 4, report.Total.Added)
	for _, file := range []string{linked, filepath.Join(root, "coach", "specialist_memory.json"), filepath.Join(root, "coach")} {
		report, outcomes := w.run(t, Options{Root: file})
		require.Zero(t, report.Total.Added, "the same file under another root is the same agent's")
		require.Equal(t, Unchanged, outcomes[len(outcomes)-1].Verdict)
		require.Equal(t, "fitness_coach", outcomes[len(outcomes)-1].AgentID)
	}
}

// sick is a file system with a file that cannot be opened, one whose reads fail midway, and an unreadable directory.
type sick struct{ fstest.MapFS }

func (s sick) Open(name string) (fs.File, error) {
	file, err := s.MapFS.Open(name)
	switch name {
	case "locked.json", "locked":
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	case "bad_sector.json":
		return &badSector{File: file, Seeker: file.(io.Seeker)}, err
	}
	return file, err
}

func (s sick) ReadDir(name string) ([]fs.DirEntry, error) {
	if name == "locked" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return s.MapFS.ReadDir(name)
}

// badSector reads three times, which is the first pass and the beginning of the second.
type badSector struct {
	fs.File
	io.Seeker
	reads int
}

func (b *badSector) Read(p []byte) (int, error) {
	if b.reads++; b.reads > 3 {
		return 0, errors.New("bad sector")
	}
	return b.File.Read(p[:min(len(p), 64)])
}

func TestUnreadableFilesAreReportedAndOthersRead(t *testing.T) {
	t.Parallel()
	file := &fstest.MapFile{Data: []byte(numbered(3)), ModTime: time.Unix(0, 0)}
	files := sick{fstest.MapFS{"locked.json": file, "bad_sector.json": file, "good.json": file, "locked/x.json": file}}
	t1 := &tree{files: files, name: "old", close: func() error { return nil }}
	sources, _, err := t1.walk()
	require.NoError(t, err)
	r := &run{options: Options{User: "anna"}.withDefaults(), tree: t1, report: &Report{}}
	reader := newReader(r, func(*batch) error { return nil })
	require.NoError(t, reader.all(t.Context(), sources))
	problems := map[string]string{}
	for _, f := range reader.files {
		problems[f.Path] = f.Problem
	}
	require.Equal(t, map[string]string{"bad_sector.json": "cannot be read: bad sector", "good.json": "", "locked.json": "cannot be read: permission denied",
		"locked": "cannot be read: permission denied"}, problems)
}

func TestBackupCopiesTheSourcesFirst(t *testing.T) {
	t.Parallel()
	w := setup(t)
	root := filesOf(t, map[string]string{"a.json": numbered(2), "deep/er/b.JSON": "{broken", "notes.txt": "not copied"})
	dir := filepath.Join(t.TempDir(), "backups")
	dry, _ := w.run(t, Options{Root: root, Backup: dir, DryRun: true})
	require.Nil(t, dry.Backup)
	require.NoDirExists(t, dir)

	report, _ := w.run(t, Options{Root: root, Backup: dir})
	require.Equal(t, 2, report.Backup.Files)
	require.Equal(t, dir, filepath.Dir(report.Backup.Directory))
	for name, text := range map[string]string{"a.json": numbered(2), "deep/er/b.JSON": "{broken"} {
		copied := filepath.Join(report.Backup.Directory, name)
		require.Equal(t, text, read(t, copied))
		info, err := os.Stat(copied)
		require.NoError(t, err)
		require.Equal(t, time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), info.ModTime().UTC())
	}
	require.NoFileExists(t, filepath.Join(report.Backup.Directory, "notes.txt"))

	_, err := Run(t.Context(), Options{Root: root, User: "anna", Backup: filepath.Join(root, "a.json", "x")}, w.deps())
	require.Error(t, err)
	require.EqualValues(t, report.Total.Added, w.head(t), "without its backup nothing is imported")
}
