package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// ledger is the effect: a file with a line for each event. Where it is, is in the same line, so that the effect and
// the place change together or not at all. A database would have both in one transaction.
type ledger struct {
	file *os.File
	last int64 // the sequence_id that was applied last
}

// openLedger reads how far the ledger is. A line that a crash cut off was not applied.
func openLedger(path string) (*ledger, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	l := &ledger{file: file}
	if err := l.read(); err != nil {
		_ = file.Close()
		return nil, err
	}
	return l, nil
}

func (l *ledger) read() error {
	content, err := io.ReadAll(l.file)
	if err != nil {
		return err
	}
	whole := content[:bytes.LastIndexByte(content, '\n')+1]
	if len(whole) > 0 {
		last := bytes.TrimSuffix(whole, []byte("\n"))
		if l.last, err = sequenceID(last[bytes.LastIndexByte(last, '\n')+1:]); err != nil {
			return err
		}
	}
	if err := l.file.Truncate(int64(len(whole))); err != nil {
		return err
	}
	_, err = l.file.Seek(0, io.SeekEnd)
	return err
}

// apply writes the event that must be the next one, and returns once that is safe.
func (l *ledger) apply(n int64, event []byte) error {
	found, err := sequenceID(event)
	if err != nil {
		return fmt.Errorf("event %d: %w", n, err)
	}
	if found != n {
		return fmt.Errorf("event %d came where %d was expected", found, n)
	}
	if _, err := l.file.Write(append(bytes.TrimSpace(event), '\n')); err != nil {
		return err
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	l.last = n
	return nil
}

func (l *ledger) close() { _ = l.file.Close() } // all is written

func sequenceID(event []byte) (int64, error) {
	var e struct {
		SequenceID int64 `json:"sequence_id"`
	}
	err := json.Unmarshal(event, &e)
	return e.SequenceID, err
}
