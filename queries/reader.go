// Package queries answers questions about memories from the tables of the projections, one file per question. It never writes.
//
// Its parts are filter (which memories), snapshot (which state of them: now, or as of a position or a moment) and recall
// (search). A question checks its filter, resolves its snapshot and reads it in one statement.
package queries

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/recall"
	"github.com/auren-memory/auren/queries/recall/answer"
	"github.com/auren-memory/auren/queries/snapshot"
)

// The types of the parts that callers need.
type (
	// Config tunes a Reader.
	Config = snapshot.Config
	// At says which state of the memories is asked for.
	At = snapshot.At
	// AsOf is a position in the log or a moment.
	AsOf = snapshot.AsOf
	// Memory is one version of a memory.
	Memory = snapshot.Memory
	// Filter narrows which memories an answer is about.
	Filter = filter.Filter
	// SearchRequest says what to look for.
	SearchRequest = answer.Request
	// Weights are shares of a score.
	Weights = answer.Weights
	// SearchResult is what a search found.
	SearchResult = answer.Result
	// Hit is a memory that was found.
	Hit = answer.Hit
)

// States that callers ask a Filter for, or find in a Memory.
const (
	StateActive    = filter.Active
	StateForgotten = filter.Forgotten
	StateAll       = filter.All
	stateExpired   = filter.Expired
)

// The limits of a search.
const (
	DefaultSearchLimit = answer.DefaultLimit
	MaxSearchLimit     = answer.MaxLimit
)

// Reader answers questions. It is safe for concurrent use.
//
// Each method returns an error of kind Invalid that names the offending field, of kind Unavailable if the database
// cannot be reached or the projection did not reach the requested position in time, and the context's own error if the caller
// cancelled it.
type Reader struct {
	*recall.Searcher
	source *snapshot.Source
}

// New makes a Reader on a pool, which stays the caller's to close.
func New(pool *pgxpool.Pool, config Config) *Reader {
	source := snapshot.New(pool, config)
	return &Reader{recall.New(source), source}
}
