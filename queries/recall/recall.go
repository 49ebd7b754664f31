// Package recall finds the memories that answer a question best.
//
// A query is plain text. Its words are looked for in the search index (projections/search), which says exactly how many
// memories of the scope hold each (package index); the documents are ranked by them (package ranking). What the filter says of the
// memories is asked for the best only (sieve.go), and what else counts is weighed for those that are shown (weights.go).
//
// Everything is read as of one position of the log, with the statistics of that position, so a search of the past answers what
// the same search answered then.
package recall

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/queries/cursor"
	"github.com/auren-memory/auren/queries/recall/answer"
	"github.com/auren-memory/auren/queries/recall/index"
	"github.com/auren-memory/auren/queries/snapshot"
)

// Searcher searches. It is safe for concurrent use.
type Searcher struct {
	source    *snapshot.Source
	languages lexicon.Choice // by tenant
}

// New makes a Searcher.
func New(source *snapshot.Source) *Searcher { return &Searcher{source: source} }

// Search returns the memories that hold words of the query, the best first, or those of each of several queries.
func (s *Searcher) Search(ctx context.Context, tenant domain.Tenant, request answer.Request, at snapshot.At) (answer.Result, error) {
	where, err := request.Check()
	if err != nil {
		return answer.Result{}, err
	}
	owners, narrow := where.Split(index.ScopeColumns)
	var runs []*run
	for i, one := range request.Each() {
		r := &run{lexicon: s.languages.Last(string(tenant)), languages: &s.languages, request: one, field: request.Field(i),
			search: func() []byte { return one.Fingerprint(tenant, where, at.AsOf) }, owners: owners, narrow: narrow}
		if err := r.parse(); err != nil {
			return answer.Result{}, err
		}
		runs = append(runs, r)
	}
	place, err := request.ReadPlace(runs[0].search)
	if err != nil {
		return answer.Result{}, err
	}
	snap, err := s.snapshot(ctx, tenant, at, place)
	if err != nil {
		return answer.Result{}, err
	}
	if place != nil {
		runs[0].place = *place
	}
	pages := make([]*answer.Page, len(runs))
	err = s.source.Connected(ctx, func(ctx context.Context, conn *pgxpool.Conn) (err error) {
		for i, r := range runs {
			r.conn, r.snap = conn, snap
			if pages[i], err = r.findInItsLanguages(ctx, len(runs)); errors.Is(err, index.ErrTooWide) {
				return index.ErrTooWide
			} else if err != nil {
				return err
			}
			snap, runs[i] = r.index.State, nil // the others are of the same state; the index is large
		}
		return nil
	})
	if err != nil {
		return answer.Result{}, fmt.Errorf("search: %w", err)
	}
	return request.Result(pages, snap.Position), nil
}

// snapshot returns the state that is searched, that of a cursor if there is one, once both projections can answer about it.
func (s *Searcher) snapshot(ctx context.Context, tenant domain.Tenant, at snapshot.At, place *answer.Place) (snap snapshot.Snapshot, err error) {
	if place != nil { // reflects what it reflects, whatever the least is that the answer should
		at = snapshot.At{AsOf: snapshot.AsOf{SequenceID: place.Position}}
		if snap, err = s.source.At(ctx, tenant, at); domain.KindOf(err) == domain.Invalid { // beyond the log: of another history, or forged
			return snap, cursor.ErrUnreadable()
		} else if err != nil {
			return snap, err
		}
		snap.Past, snap.Moment = true, place.Moment
	} else if snap, err = s.source.At(ctx, tenant, at); err != nil {
		return snap, err
	}
	snap.Moment = snap.Moment.Truncate(time.Microsecond) // as a cursor and PostgreSQL have it
	if minimum := max(at.MinSequenceID, snap.Position); minimum > 0 {
		for _, projection := range []string{snapshot.AgentMemories, snapshot.Search} {
			if err := s.source.Await(ctx, tenant, projection, minimum); err != nil {
				return snap, fmt.Errorf("search: %w", err)
			}
		}
	}
	return snap, nil
}
