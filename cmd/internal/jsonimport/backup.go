package jsonimport

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Backup is a copy of the sources.
type Backup struct {
	// Directory holds the files under the paths they have below the root.
	Directory string `json:"directory"`
	Files     int    `json:"files"`
	Bytes     int64  `json:"bytes"`
}

// backup copies the sources into a new directory in dir, named after the time. When it returns, each copy is synced to
// disk and was read back and compared with its source by SHA-256.
func (t *tree) backup(ctx context.Context, sources []source, dir string, now time.Time, copied func(bytes int64)) (*Backup, error) {
	b := &Backup{Directory: filepath.Join(dir, now.UTC().Format("20060102T150405.000Z"))}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create backup: %w", err)
	}
	if err := os.Mkdir(b.Directory, 0o700); err != nil {
		return nil, fmt.Errorf("create backup: %w", err)
	}
	dirs := map[string]bool{dir: true, b.Directory: true}
	for _, s := range sources {
		if s.problem != "" {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		to := filepath.Join(b.Directory, filepath.FromSlash(s.path))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return nil, fmt.Errorf("create backup: %w", err)
		}
		for parent := filepath.Dir(to); parent != b.Directory; parent = filepath.Dir(parent) {
			dirs[parent] = true
		}
		from, err := t.open(s.path)
		if err != nil {
			continue // the import reports it
		}
		n, err := copyFile(from, to)
		if err == nil {
			err = os.Chtimes(to, s.modified, s.modified)
		}
		if err != nil {
			return nil, fmt.Errorf("back up %s: %w", s.path, err)
		}
		b.Files++
		b.Bytes += n
		copied(b.Bytes)
	}
	for parent := range dirs {
		if err := syncDirectory(parent); err != nil {
			return nil, fmt.Errorf("sync backup: %w", err)
		}
	}
	return b, nil
}

// copyFile closes the source.
func copyFile(from io.ReadCloser, to string) (n int64, err error) {
	defer func() { err = errors.Join(err, from.Close()) }()
	file, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	read, written := sha256.New(), sha256.New()
	if n, err = io.Copy(file, io.TeeReader(from, read)); err != nil {
		return n, err
	}
	if err := file.Sync(); err != nil {
		return n, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return n, err
	}
	if _, err := io.Copy(written, file); err != nil {
		return n, err
	}
	if string(read.Sum(nil)) != string(written.Sum(nil)) {
		return n, errors.New("the copy differs from the source")
	}
	return n, nil
}

func syncDirectory(name string) error {
	dir, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
