package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// errAnotherHistory says that an event was applied which is not in the log any more, as after the database was restored from
// a backup. What was applied since then is for somebody to take back: to go on would leave a hole that nobody sees.
var errAnotherHistory = errors.New("the log has another history than what was applied")

// ledger is the effect: a file with a line for each event. Where it is, is in the same line, so that the effect and
// the place change together or not at all. A database would have both in one transaction.
type ledger struct {
	file   *os.File
	tenant string
	last   int64 // the sequence_id that was applied last
	// applied has the id of each event. In a database it is the effect's own table that is asked.
	applied map[int64]string
}

// place is what of an event says where it stands.
type place struct {
	TenantID   string `json:"tenant_id"`
	SequenceID int64  `json:"sequence_id"`
	EventID    string `json:"event_id"`
}

// openLedger reads what the ledger of a tenant holds. A line that a crash cut off was not applied.
func openLedger(path, tenant string) (*ledger, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	l := &ledger{file: file, tenant: tenant, applied: map[int64]string{}}
	if err := l.read(); err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

func (l *ledger) read() error {
	content, err := io.ReadAll(l.file)
	if err != nil {
		return err
	}
	whole := content[:bytes.LastIndexByte(content, '\n')+1]
	for line := range bytes.Lines(whole) {
		if err := l.take(line); err != nil {
			return err
		}
	}
	if err := l.file.Truncate(int64(len(whole))); err != nil {
		return err
	}
	_, err = l.file.Seek(0, io.SeekEnd)
	return err
}

// take notes where an event stands that is the next one.
func (l *ledger) take(event []byte) error {
	var p place
	if err := json.Unmarshal(event, &p); err != nil {
		return fmt.Errorf("event %d: %w", l.last+1, err)
	}
	if p.TenantID != l.tenant {
		return fmt.Errorf("event %d is of tenant %q, expected %q", p.SequenceID, p.TenantID, l.tenant)
	}
	if p.SequenceID != l.last+1 {
		return fmt.Errorf("event %d came where %d was expected", p.SequenceID, l.last+1)
	}
	l.last, l.applied[p.SequenceID] = p.SequenceID, p.EventID
	return nil
}

// holds tells whether an event was applied, and that it was this one.
func (l *ledger) holds(sequenceID int64, eventID string) (bool, error) {
	if sequenceID > l.last {
		return false, nil
	}
	if l.applied[sequenceID] != eventID {
		return false, fmt.Errorf("%w: event %d is %s, and %s was applied", errAnotherHistory, sequenceID, eventID, l.applied[sequenceID])
	}
	return true, nil
}

// apply writes the event that must be the next one, and returns once that is safe. After an error the ledger is to be opened
// again.
func (l *ledger) apply(event []byte) error {
	if err := l.take(event); err != nil {
		return err
	}
	if _, err := l.file.Write(append(bytes.TrimSpace(event), '\n')); err != nil {
		return err
	}
	return l.file.Sync()
}

func (l *ledger) close() { _ = l.file.Close() } // all is written
