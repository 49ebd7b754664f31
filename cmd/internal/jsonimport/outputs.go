package jsonimport

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/auren-memory/auren/domain"
)

// checkOutputs refuses outputs that would overwrite an input, before anything is read or written.
func (r *run) checkOutputs(sources []source) error {
	o := r.options
	if o.Backup != "" && r.tree.only == "" && within(o.Backup, o.Root) {
		return domain.Invalidf("--backup", "%s lies within %s and would be imported next time; choose another directory", o.Backup, o.Root)
	}
	for _, target := range []struct{ flag, name string }{{"--rejects", o.Rejects}, {"--outcomes", o.Outcomes}} {
		if target.name == "" {
			continue
		}
		if problem := r.unfit(target.name, sources); problem != "" {
			return domain.Invalidf(target.flag, "%s %s; choose another file", target.name, problem)
		}
	}
	if o.Rejects != "" && resolved(o.Rejects) == resolved(o.Outcomes) {
		return domain.Invalidf("--outcomes", "%s is the file of --rejects; choose another file", o.Outcomes)
	}
	return nil
}

// unfit returns why a name cannot be written to; empty if it can.
func (r *run) unfit(name string, sources []source) string {
	if r.tree.only == "" && within(name, r.options.Root) {
		return "lies within " + r.options.Root + ", which is imported"
	}
	link, err := os.Lstat(name)
	if err != nil {
		return "" // it does not exist yet, or creating it returns the error
	}
	file, err := os.Stat(name)
	if err != nil {
		return "is a dangling symbolic link"
	}
	for _, s := range sources {
		if os.SameFile(file, s.info) {
			return "is the same file as " + s.path + ", which is imported"
		}
	}
	for _, input := range r.options.Inputs {
		if info, err := os.Stat(input); err == nil && os.SameFile(file, info) {
			return "is the same file as " + input + ", which is read"
		}
	}
	switch {
	case file.Mode().IsRegular() && link.Mode()&fs.ModeSymlink != 0:
		return "is a symbolic link to a file"
	case !file.Mode().IsRegular() && file.Mode()&(fs.ModeNamedPipe|fs.ModeCharDevice) == 0:
		return "is not a file"
	}
	return ""
}

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

// output is a file of JSON lines; nil discards them.
type output struct {
	what     string
	file     *os.File
	buffered *bufio.Writer
	// regular says that the file can be synced.
	regular bool
}

// createOutput replaces the file of an earlier run. Without a name it returns nil.
func createOutput(what, name string) (*output, error) {
	if name == "" {
		return nil, nil
	}
	file, regular, err := openOutput(name)
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
	if o == nil {
		return nil
	}
	raw, err := json.Marshal(line)
	if err == nil {
		_, err = o.buffered.Write(append(raw, '\n'))
	}
	return o.failed("write", err)
}

// flush hands what was written to the operating system, so that it survives if the process is killed.
func (o *output) flush() error {
	if o == nil {
		return nil
	}
	return o.failed("write", o.buffered.Flush())
}

// close syncs and closes the file.
func (o *output) close() error {
	if o == nil {
		return nil
	}
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
