// Package index reads for one search what the search index (package projections/search) holds of its scopes and its terms, as of
// one position.
//
// A scope is an agent and a user; its documents have numbers. An Index numbers the documents of all its scopes: a scope has a base,
// which is added to the numbers of its documents.
package index

import (
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain/posting"
	"github.com/auren-memory/auren/queries/snapshot"
)

// Index is what a search has read of the search index. It uses the connection it was loaded on, and is not safe for concurrent use.
type Index struct {
	Lists
	// State is the state of the memories that the index reflects: both projections have reached its position.
	State    snapshot.Snapshot
	conn     *pgxpool.Conn
	analyzed func(languages string) error
	scopes   map[int64]*scope
	tail     *tail
	places   map[int]*Place // of documents in segments, as they are read
}

// scope is a scope, by its documents.
type scope struct {
	id                int64
	base              int
	documents, sealed int
	begun             int // so many documents had begun
}

// Place is where a document stands among others of its session.
type Place struct {
	Document  int
	Memory    uuid.UUID
	Length    int // in terms
	session   int64
	createdAt time.Time
	opened    int64
}

// tail is the active documents that are in no segment, in their order.
type tail struct {
	documents []tailDocument
	texts     []byte // their terms; where it outgrows its array, what was added before stays in the old one
}

type tailDocument struct {
	Place
	terms posting.Document
}

// tails are used again: they were half of what a search allocates.
var tails = sync.Pool{New: func() any { return &tail{} }}

// Release makes the memory of the index available to other searches. Nothing but State may be used afterwards.
func (x *Index) Release() {
	clear(x.tail.documents)
	x.tail.documents, x.tail.texts = x.tail.documents[:0], x.tail.texts[:0]
	tails.Put(x.tail)
	x.tail = nil
}

// Stored returns the scope of a document, and the number of the document within the scope.
func (x *Index) Stored(document int) (scope int64, number int) {
	s := x.scopeOf(document)
	return s.id, document - s.base
}

// Document returns the document that has a number within a scope. It reports false if the index has not read that scope, or has read
// it before the document was added.
func (x *Index) Document(scope int64, number int) (document int, ok bool) {
	s := x.scopes[scope]
	if s == nil || number >= s.documents {
		return 0, false
	}
	return s.base + number, true
}

func (x *Index) scopeOf(document int) *scope {
	for _, s := range x.scopes {
		if s.base <= document && document < s.base+s.documents {
			return s
		}
	}
	return nil
}

// sealedScopes returns the scopes that have segments.
func (x *Index) sealedScopes() (scopes []int64) {
	for id, s := range x.scopes {
		if s.sealed > 0 {
			scopes = append(scopes, id)
		}
	}
	return scopes
}
