// Package search projects the log onto agent_memory_search, the narrow table that a full-text search reads, and
// onto agent_memory_search_scopes, which counts the active memories of each agent and user and their words.
//
// It is a projection of its own because the text-search vector and its index are by far the dearest part of
// projecting. The vectors of a batch are made here, by several workers at once, before the transaction begins, and are only
// stored within it: PostgreSQL would make one after the other, and parse and print each on the way. Only a
// memory_remembered or memory_revised makes a new vector; every other event carries none of the text and changes the
// flags beside the vector. A memory that is not active keeps its row, which the index leaves out, so that a restore
// finds it again.
package search

import (
	"context"
	_ "embed"
	"runtime"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// Name is what the checkpoint is filed under.
const Name = "search"

// Config tunes a Projection; its zero value works.
type Config struct {
	// Workers is how many goroutines make the vectors of one batch; default the number of processors, 4 at most.
	Workers int
}

// Projection makes vectors and folds events into rows. It is safe for concurrent use.
type Projection struct {
	lexicon *lexicon.Analyzer
	workers int
}

// New makes a projection.
func New(config Config) *Projection {
	if config.Workers == 0 {
		config.Workers = min(runtime.GOMAXPROCS(0), 4)
	}
	return &Projection{lexicon: lexicon.New(), workers: config.Workers}
}

// Name returns Name.
func (*Projection) Name() string { return Name }

// Version returns 3: of version 1 PostgreSQL made the vectors, and of 2 a text that is too long was cut within a word.
func (*Projection) Version() int { return 3 }

// Categories returns nil: it is given the events of memories.
func (*Projection) Categories() []string { return nil }

// Tables returns agent_memory_search and agent_memory_search_scopes.
func (*Projection) Tables() []string {
	return []string{"agent_memory_search", "agent_memory_search_scopes"}
}

//go:embed schema.sql
var schema string

// Schema creates the tables.
func (*Projection) Schema() string { return schema }

// Prepare decodes the events and makes the vectors of their texts. An event that this program does not know, or one
// of a memory that no row is there for, is a *projections.PoisonError, the latter from Write.
func (p *Projection) Prepare(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) (projections.Write, error) {
	changes, err := p.read(events)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx pgx.Tx) error {
		current, err := load.Rows(ctx, tx, tenant, events)
		if err != nil {
			return err
		}
		if err := fold(current, changes); err != nil {
			return err
		}
		return store(ctx, tx, tenant, current)
	}, nil
}
