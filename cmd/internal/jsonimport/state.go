package jsonimport

import (
	"crypto/sha256"
	"time"

	"github.com/google/uuid"
)

// run is one import in progress.
type run struct {
	options  Options
	deps     Deps
	tree     *tree
	rejects  *output
	outcomes *output
	agents   map[string]*AgentReport
	report   *Report
	started  time.Time
	total    int64
	checks   []check
}

func (r *run) progress(p Progress) {
	if r.deps.Progress != nil {
		r.deps.Progress(p)
	}
}

// check is what is kept of an imported record until it is compared.
type check struct {
	id      uuid.UUID
	hash    [sha256.Size]byte
	version int
	size    int
	file    *FileReport
	agent   *AgentReport
	scope   scope
}

// scope says which fields of a memory are compared. An added record is compared whole. A changed one keeps the time of its
// first import. An unchanged one also keeps what its file contributed then, which may differ now: its path, and the
// relationship_score.
type scope struct {
	created, file, confidence bool
}
