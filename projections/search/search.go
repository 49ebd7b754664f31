// Package search projects the log onto agent_memory_search, the narrow table that a full-text search reads, and
// onto agent_memory_search_scopes, which counts the active memories of each agent and user and their words.
//
// It is a projection of its own because the text-search vector and its index are by far the most expensive part of
// projecting. Several workers compute the vectors of a batch before the transaction begins, which only stores them:
// PostgreSQL would compute one after the other, and parse and print each. Only memory_remembered and memory_revised make a
// new vector; every other event has no text and changes only the columns beside the vector. An inactive memory keeps
// its row, which the index leaves out, so that a restore has only to set a flag.
package search

import (
	"context"
	_ "embed"

	"github.com/jackc/pgx/v5"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/eventstore"
	"github.com/auren-memory/auren/projections"
)

// Name is the projection's name.
const Name = "search"

// Projection makes vectors and folds events into rows. It is safe for concurrent use.
type Projection struct {
	lexicon *lexicon.Analyzer
}

// New makes a projection.
func New() *Projection { return &Projection{lexicon.New()} }

// Name returns Name.
func (*Projection) Name() string { return Name }

// Version returns 3: in version 1 PostgreSQL computed the vectors, version 2 cut long texts within a word.
func (*Projection) Version() int { return 3 }

// Categories returns nil: the projection applies the events of memories.
func (*Projection) Categories() []string { return nil }

// Tables returns agent_memory_search and agent_memory_search_scopes.
func (*Projection) Tables() []string {
	return []string{"agent_memory_search", "agent_memory_search_scopes"}
}

//go:embed schema.sql
var schema string

// Schema creates the tables.
func (*Projection) Schema() string { return schema }

// Prepare decodes the events and computes the vectors of their texts. It returns a *projections.PoisonError for an event
// that this program does not know; the Write returns one for an event of a memory without a row.
func (p *Projection) Prepare(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) (projections.Write, error) {
	changes, err := read(p.lexicon, events)
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
