package jsonimport

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/auren-memory/auren/domain"
)

// tree is what an import reads: the files of a directory, or one file.
type tree struct {
	// files is rooted at the directory and refuses symbolic links that lead out of it.
	files fs.FS
	// name is the directory's own name, which can be an agent's.
	name string
	// only is the one file to read; empty means all.
	only  string
	close func() error
}

// source is one file of a tree.
type source struct {
	path     string
	size     int64
	modified time.Time
	// info identifies the file; nil if it cannot be read.
	info fs.FileInfo
	// problem says why it cannot be read.
	problem string
}

func openTree(root string) (*tree, error) {
	absolute, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", root, err)
	}
	info, err := os.Stat(absolute)
	if err != nil {
		return nil, domain.Invalidf("", "open %s: %v", root, withoutPath(err))
	}
	t := &tree{}
	if !info.IsDir() {
		if !info.Mode().IsRegular() {
			return nil, domain.Invalidf("", "open %s: must be a directory or a regular file", root)
		}
		if absolute, err = filepath.EvalSymlinks(absolute); err != nil {
			return nil, domain.Invalidf("", "open %s: %v", root, withoutPath(err))
		}
		absolute, t.only = filepath.Split(absolute)
		absolute = filepath.Clean(absolute)
	}
	dir, err := os.OpenRoot(absolute)
	if err != nil {
		return nil, domain.Invalidf("", "open %s: %v", root, withoutPath(err))
	}
	t.files, t.name, t.close = dir.FS(), filepath.Base(absolute), dir.Close
	return t, nil
}

// walk lists the JSON files in the order of their paths, including those that cannot be read, and counts other files.
// Symbolic links within the tree are not followed.
func (t *tree) walk() (sources []source, ignored int, err error) {
	if t.only != "" {
		info, err := fs.Stat(t.files, t.only)
		if err != nil {
			return nil, 0, fmt.Errorf("read %s: %w", t.only, err)
		}
		return []source{{path: t.only, size: info.Size(), modified: info.ModTime(), info: info}}, 0, nil
	}
	err = fs.WalkDir(t.files, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			sources = append(sources, source{path: name, problem: unreadable(err)})
			return nil
		case entry.IsDir():
			return nil
		case entry.Type()&fs.ModeSymlink != 0:
			if problem := t.link(name); problem != "" {
				sources = append(sources, source{path: name, problem: problem})
				return nil
			}
			ignored++
			return nil
		case !strings.EqualFold(path.Ext(name), ".json"):
			ignored++
			return nil
		}
		sources = append(sources, describe(name, entry))
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("walk %s: %w", t.name, err)
	}
	return sources, ignored, nil
}

func describe(name string, entry fs.DirEntry) source {
	info, err := entry.Info()
	switch {
	case err != nil:
		return source{path: name, problem: unreadable(err)}
	case !info.Mode().IsRegular():
		return source{path: name, problem: "is not a regular file; not read"}
	}
	return source{path: name, size: info.Size(), modified: info.ModTime(), info: info}
}

// link returns the problem with not following a symbolic link. A link to a JSON file or directory of the tree is no
// problem, since the target itself is read.
func (t *tree) link(name string) string {
	info, err := fs.Stat(t.files, name)
	if err != nil {
		return "is a symbolic link that is dangling or leads out of the root; not followed"
	}
	if !info.IsDir() && !strings.EqualFold(path.Ext(name), ".json") {
		return ""
	}
	target, err := fs.ReadLink(t.files, name)
	if err == nil && (info.IsDir() || strings.EqualFold(path.Ext(target), ".json")) {
		return ""
	}
	return "is a symbolic link to a file of another kind; not followed"
}

// open opens a file for two passes.
func (t *tree) open(name string) (io.ReadSeekCloser, error) {
	file, err := t.files.Open(name)
	if err != nil {
		return nil, err
	}
	seeker, ok := file.(io.ReadSeekCloser)
	if !ok {
		return nil, errors.Join(fmt.Errorf("%s cannot be read twice", name), file.Close())
	}
	return seeker, nil
}

// unreadable says why a file cannot be read, without its name, which is shown beside it.
func unreadable(err error) string { return "cannot be read: " + withoutPath(err).Error() }

// withoutPath strips the path from an error, where the message names it already.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
