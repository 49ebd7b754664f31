// Package search projects the log onto the search index: the terms of every text that a memory has had, in a form that
// package queries/recall ranks, now and as of any moment.
//
// The searchable text of a version of a memory is a document. It begins with the event that made it (remembered, revised,
// restored, or a new expiry) and ends with the event that superseded, forgot or expired it. Nothing else of a document ever
// changes. The documents of an agent and a user, which are a scope, are numbered in the order of the log, so those that had begun as
// of an event are the first ones.
//
//	documents of a scope   0 … 8191 | 8192 … 16383 | 16384 … 17407 | … | 18432 … 18559 | … | the last ones, below 128
//	are in                 a large segment each    | middle ones       | small segments    | the tail: their own rows only
//
// A search reads the tail document by document, and of a segment the postings of its words. Segments are made at fixed
// numbers, in the transaction that adds the document that fills one, so the tables do not depend on the sizes of batches.
// Most scopes are a tail only.
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

// Projection analyzes texts and folds events into documents. It is safe for concurrent use.
type Projection struct {
	languages lexicon.Choice // by tenant
}

// New makes a projection.
func New() *Projection { return &Projection{} }

// Name returns Name.
func (*Projection) Name() string { return Name }

// Version returns 5. A test ties it to the version of the analysis.
func (*Projection) Version() int { return 5 }

// Categories returns nil: the projection applies the events of memories.
func (*Projection) Categories() []string { return nil }

// Tables returns the names of the tables.
func (*Projection) Tables() []string {
	return []string{"search_scopes", "search_documents", "search_tails", "search_segments", "search_postings", "search_terms", "search_ends", "search_languages"}
}

// Settings returns the name of the table of languages.
func (*Projection) Settings() []string { return []string{"search_languages"} }

//go:embed schema.sql
var schema string

// Schema creates the tables.
func (*Projection) Schema() string { return schema }

// Prepare decodes the events and analyzes their texts, in the languages that the tenant had in the batch before; only the Write
// knows those of its tables, and if they are others analyzes the texts once more. Prepare returns a *projections.PoisonError for an event that this program
// does not know; the Write returns one for an event of a memory that no event opened.
func (p *Projection) Prepare(ctx context.Context, tenant domain.Tenant, events []eventstore.Event) (projections.Write, error) {
	words := p.languages.Last(string(tenant))
	changes, err := read(words, events)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, tx pgx.Tx) error {
		s := store{tx, tenant}
		b, err := s.load(ctx, changes)
		if err != nil {
			return err
		}
		now, err := p.languages.Of(string(tenant), b.languages)
		if err != nil {
			return err
		}
		if now != words {
			if changes, err = read(now, events); err != nil {
				return err
			}
		}
		if err := s.loadTexts(ctx, now, b, changes); err != nil {
			return err
		}
		for _, c := range changes {
			if err := b.apply(c); err != nil {
				return err
			}
		}
		return s.save(ctx, b)
	}, nil
}
