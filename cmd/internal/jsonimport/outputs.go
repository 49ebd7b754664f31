package jsonimport

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/auren-memory/auren/domain"
)

// within reports whether a path leads into a directory, through any links or spelling.
func within(name, dir string) bool {
	root, err := os.Stat(dir)
	if err != nil {
		return false
	}
	for at := resolved(name); ; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil && os.SameFile(info, root) {
			return true
		}
		if at == filepath.Dir(at) {
			return false
		}
	}
}

// resolved returns the absolute path, with symbolic links followed as far as the path exists.
func resolved(name string) string {
	absolute, err := filepath.Abs(name)
	if err != nil {
		return name
	}
	if real, err := filepath.EvalSymlinks(absolute); err == nil {
		return real
	}
	if parent := filepath.Dir(absolute); parent != absolute {
		return filepath.Join(resolved(parent), filepath.Base(absolute))
	}
	return absolute
}

// output is a file of JSON lines.
type output struct {
	what     string
	file     *os.File
	buffered *bufio.Writer
	// regular says that the file can be synced.
	regular bool
}

// createOutput replaces the file of an earlier run. Without a name, what is written is discarded.
func createOutput(what, name string) (*output, error) {
	file, regular, err := openOutput(cmp.Or(name, os.DevNull))
	if err != nil {
		return nil, domain.Invalidf("--"+what, "%s cannot be written: %v", name, withoutPath(err))
	}
	return &output{what: what, file: file, buffered: bufio.NewWriter(file), regular: regular}, nil
}

// openOutput opens a pipe or a device in place. A regular file is created under a temporary name and renamed, so that
// another hard link to the old file keeps its contents.
func openOutput(name string) (file *os.File, regular bool, err error) {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		file, err := os.OpenFile(name, os.O_WRONLY, 0)
		return file, false, err
	}
	if file, err = os.CreateTemp(filepath.Dir(name), ".auren-import-*"); err != nil {
		return nil, false, err
	}
	if err := os.Rename(file.Name(), name); err != nil {
		return nil, false, errors.Join(err, file.Close(), os.Remove(file.Name()))
	}
	return file, true, nil
}

func (o *output) write(line any) error {
	raw, err := json.Marshal(line)
	if err == nil {
		_, err = o.buffered.Write(append(raw, '\n'))
	}
	return o.failed("write", err)
}

// flush hands what was written to the operating system, so that it survives if the process is killed.
func (o *output) flush() error {
	return o.failed("write", o.buffered.Flush())
}

// close syncs and closes the file.
func (o *output) close() error {
	err := o.buffered.Flush()
	if o.regular {
		err = errors.Join(err, o.file.Sync())
	}
	return o.failed("close", errors.Join(err, o.file.Close()))
}

func (o *output) failed(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s %s: %w", what, o.what, err)
	}
	return nil
}

// rejection is one line of the rejects file.
type rejection struct {
	File    string `json:"file"`
	Section string `json:"section,omitempty"`
	Index   int    `json:"index"`
	// Offset and Length locate the record in its file, in bytes.
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	Reason string `json:"reason"`
	// Raw is the bytes of the record in base64, at most the first MaxRecordBytes.
	Raw []byte `json:"raw"`
	// RawText is Raw in readable form, with invalid UTF-8 replaced.
	RawText string `json:"raw_text"`
}
