package jsonimport

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// rejection is one line of the rejects file.
type rejection struct {
	File    string `json:"file"`
	Section string `json:"section,omitempty"`
	Index   int    `json:"index"`
	// Offset and Length say where the record stands in its file, in bytes.
	Offset int64  `json:"offset"`
	Length int64  `json:"length"`
	Reason string `json:"reason"`
	// Raw are the bytes of the record, in base64; the first MaxRecordBytes of a longer one.
	Raw []byte `json:"raw"`
	// RawText is Raw to be read by people, with bytes that are no UTF-8 replaced.
	RawText string `json:"raw_text"`
}

// rejects writes each rejected record as it occurs, so that a killed run has told of all it came to.
type rejects struct {
	file *os.File
}

// openRejects replaces the file of a former run. No name means that rejects are not written.
func openRejects(name string, t *tree, root string) (*rejects, error) {
	if name == "" {
		return &rejects{}, nil
	}
	if within(name, root) && t.only == "" && strings.EqualFold(filepath.Ext(name), ".json") {
		return nil, fmt.Errorf("rejects: %s would be imported itself; choose a place outside %s or a name like rejects.jsonl", name, root)
	}
	if sameFile(name, root) {
		return nil, fmt.Errorf("rejects: %s is the file to import; choose another", name)
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create rejects: %w", err)
	}
	return &rejects{file: file}, nil
}

func (r *rejects) write(o Outcome, e element) error {
	if r.file == nil {
		return nil
	}
	line, err := json.Marshal(rejection{File: o.File, Section: o.Section, Index: o.Index, Offset: e.offset, Length: e.length,
		Reason: o.Reason, Raw: e.raw, RawText: string(e.raw)})
	if err == nil {
		_, err = r.file.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write rejects: %w", err)
	}
	return nil
}

// close makes sure that what was written stays.
func (r *rejects) close() error {
	if r.file == nil {
		return nil
	}
	if err := errors.Join(r.file.Sync(), r.file.Close()); err != nil {
		return fmt.Errorf("close rejects: %w", err)
	}
	return nil
}

// within says whether a path lies in a directory.
func within(name, dir string) bool {
	absolute, err := filepath.Abs(name)
	base, errBase := filepath.Abs(dir)
	if err != nil || errBase != nil {
		return false
	}
	below, err := filepath.Rel(resolved(base), filepath.Join(resolved(filepath.Dir(absolute)), filepath.Base(absolute)))
	return err == nil && below != ".." && !strings.HasPrefix(below, ".."+string(filepath.Separator))
}

// resolved follows symbolic links as far as the path exists.
func resolved(name string) string {
	if real, err := filepath.EvalSymlinks(name); err == nil {
		return real
	}
	if parent := filepath.Dir(name); parent != name {
		return filepath.Join(resolved(parent), filepath.Base(name))
	}
	return name
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
