package jsonimport

import (
	"strconv"

	"github.com/google/uuid"
)

// Outcome is the result of one record.
type Outcome struct {
	// File is the path below the root, with slashes.
	File string `json:"file"`
	// Section is the list within the file that holds the record, e.g. "data.memories"; "" for the root.
	Section string `json:"section,omitempty"`
	// Index counts the records of a section from 0.
	Index   int     `json:"index"`
	Verdict Verdict `json:"verdict"`
	// Reason says why a record was rejected, or which other record represents it.
	Reason string `json:"reason,omitempty"`
	// ID is the memory's; omitted if the record has none: it got its verdict before, or a dry run would add it.
	ID      uuid.UUID `json:"id,omitzero"`
	AgentID string    `json:"agent_id,omitempty"`
	UserID  string    `json:"user_id,omitempty"`
	Notes   []Note    `json:"notes,omitempty"`
}

// place names a record, for messages.
func (o Outcome) place() string {
	return o.File + " " + o.Section + "[" + strconv.Itoa(o.Index) + "]"
}

// seen holds the records of a run by id, or by the first bytes of their keys. It grows by about 100 bytes per record.
type seen map[uuid.UUID]first

// first is the first record with an id.
type first struct {
	digest  [16]byte
	file    *FileReport
	section string
	index   int
}

// judge looks for an earlier record of this run with the same id and returns the verdict and its reason: the same record
// is a duplicate, a different one is a conflict, which rejects the second.
func (s seen) judge(m *mapped, file *FileReport, e element) (Verdict, string) {
	id, short := m.record.ID, [16]byte(m.record.Digest[:])
	if id == uuid.Nil {
		id = uuid.UUID(m.record.Key[:16])
	}
	before, ok := s[id]
	if !ok {
		s[id] = first{digest: short, file: file, section: e.section, index: e.index}
		return "", ""
	}
	where := Outcome{File: before.file.Path, Section: before.section, Index: before.index}.place()
	if before.digest == short {
		return Duplicate, "the same record as " + where
	}
	return Rejected, "id: another record has the same id, " + strconv.Quote(where)
}
