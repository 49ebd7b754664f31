package search

import (
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/domain/posting"
	"github.com/auren-memory/auren/projections"
	"github.com/auren-memory/auren/projections/rows"
)

// lasting is the to_seq of a document that has not ended.
const lasting = math.MaxInt64

// document is a row of search_documents.
type document struct {
	scope     *scope
	doc       int
	memory    uuid.UUID
	from, to  int64 // sequence_ids
	expiresAt *time.Time
	createdAt time.Time
	opened    int64 // sequence_id
	text
	stored bool // before the batch
}

// noTerms are those of a document without a text.
var noTerms = posting.NewDocument(nil)

// scope is a row of search_scopes.
type scope struct {
	id                int64
	agent, user       string
	documents, sealed int
	stored            bool // before the batch

	fresh []*document // of the batch
	ended []*document // those from before that the batch ended
}

// firstFresh is the number of the first document of the batch.
func (s *scope) firstFresh() int { return s.documents - len(s.fresh) }

// batch is what a batch reads and makes of the tables.
type batch struct {
	latest    map[uuid.UUID]*document // of each memory
	scopes    map[[2]string]*scope    // by agent and user
	lastScope int64
	languages string // of the tenant
}

// apply folds a change: it ends the memory's document and begins another, where what a search sees of the memory changes.
func (b *batch) apply(c change) error {
	last := b.latest[c.stored.StreamID]
	if last == nil && c.stored.Version > 1 {
		return &projections.PoisonError{SequenceID: c.stored.SequenceID,
			Err: fmt.Errorf("version %d of memory %s follows no other", c.stored.Version, c.stored.StreamID)}
	}
	if last == nil {
		last = b.open(c)
	}
	before := memory.Snapshot{State: memory.StateForgotten, Fields: memory.Fields{ExpiresAt: last.expiresAt}}
	if last.to == lasting {
		before.State = memory.StateActive
	}
	after := rows.Apply(before, c.stored, c.event)
	next := *last
	next.expiresAt = after.ExpiresAt
	if c.text != nil {
		next.text = *c.text
	}
	lasts := after.State == memory.StateActive
	if c.text == nil && before.State == after.State && (!lasts || sameTime(before.ExpiresAt, after.ExpiresAt)) {
		return nil
	}
	if last.to == lasting {
		last.to = c.stored.SequenceID
		if last.stored {
			last.scope.ended = append(last.scope.ended, last)
		}
	}
	next.from, next.to, next.stored = c.stored.SequenceID, lasting, false
	if !lasts {
		next.to = next.from
	}
	// The text of a memory that is not active is kept in a document that never lasts.
	if lasts || c.text != nil {
		b.add(&next)
	}
	return nil
}

// open begins a memory with a document that never lasts, which the first event replaces, or which stays, if that event is
// skipped, for the memory's later events.
func (b *batch) open(c change) *document {
	key := [2]string{c.stored.AgentID, c.stored.UserID}
	s := b.scopes[key]
	if s == nil {
		b.lastScope++
		s = &scope{id: b.lastScope, agent: key[0], user: key[1]}
		b.scopes[key] = s
	}
	d := &document{scope: s, memory: c.stored.StreamID, from: c.stored.SequenceID, to: c.stored.SequenceID,
		createdAt: c.stored.OccurredAt, opened: c.stored.SequenceID}
	if c.event == nil {
		d.terms = noTerms
		b.add(d)
	}
	return d
}

func (b *batch) add(d *document) {
	d.doc = d.scope.documents
	d.scope.documents++
	d.scope.fresh = append(d.scope.fresh, d)
	b.latest[d.memory] = d
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}
