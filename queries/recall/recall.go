// Package recall finds the memories that answer a question best.
//
// A query is plain text. Its words are looked for in the search index (projections/search), which says exactly how many
// memories of the scope hold each. The ranking is BM25 with the constants of short texts, where a word counts
//
//   - for the best of its terms only: itself, other spellings, synonyms at a lower weight (words.go);
//   - also if it stands in a memory told just before or after, at a discount (neighbors.go).
//
// Everything is read as of one position of the log, with the statistics of that position, so a search of the past answers what
// the same search answered then.
package recall

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/snapshot"
)

// The limits of a search.
const (
	DefaultLimit = 10
	MaxLimit     = 100
	// maxQuery is how many characters a text may have, and maxTexts how many texts a search.
	maxQuery = 100_000
	maxTexts = 32
)

var errTooWide = domain.Errorf(domain.Invalid, "a search can read at most %d pairs of agent and user; name an agent_id or a user_id", maxScopes)

// Request says what to look for.
type Request struct {
	// Query is plain text, in any language: no character of it has a meaning of its own. A phrase in quotes adds to the score
	// of memories that hold it.
	Query string
	// Must are texts all of whose words a result holds itself, MustNot those none of whose words it holds.
	Must, MustNot []string
	// Phrase are texts that stand in the content of a result, word after word.
	Phrase []string
	// Prefix is the beginning of a word, such as what a person has typed so far; a result holds a word that begins so.
	Prefix string
	// Filter narrows what is found; its State must be active or empty.
	Filter filter.Filter
	// Limit is how many results are returned at most, from 1 to MaxLimit; default DefaultLimit.
	Limit int
	// MinScore leaves out results below it; default 0.
	MinScore float64
	// Weights mix the score with what else is known of a memory; default none.
	Weights Weights
	// WithoutNeighbors leaves out of account what was told before and after a memory.
	WithoutNeighbors bool
	// Explain asks how each score came about.
	Explain bool
}

// Weights are shares of the score, from 0 to 1 together; the rest is that of the words.
type Weights struct {
	// Recency is the share of a memory's age: halved every HalfLife since it was last updated; default 30 days.
	Recency  float64
	HalfLife time.Duration
	// Confidence is the share of the memory's confidence.
	Confidence float64
	// Importance is the share of the number, from 0 to 1, at ImportanceKey of the metadata; default "importance".
	Importance    float64
	ImportanceKey string
}

func (w Weights) sum() float64 { return w.Recency + w.Confidence + w.Importance }

func (w Weights) check() error {
	for name, weight := range map[string]float64{"weights.recency": w.Recency, "weights.confidence": w.Confidence, "weights.importance": w.Importance} {
		if err := domain.CheckUnit(name, weight); err != nil {
			return err
		}
	}
	if w.sum() > 1 {
		return domain.Invalidf("weights", "must be at most 1 together, got %v", w.sum())
	}
	if w.HalfLife < 0 {
		return domain.Invalidf("weights.half_life", "must be longer than nothing, got %v", w.HalfLife)
	}
	return nil
}

// Searcher searches. It is safe for concurrent use.
type Searcher struct {
	source  *snapshot.Source
	lexicon *lexicon.Analyzer
}

// New makes a Searcher.
func New(source *snapshot.Source) *Searcher { return &Searcher{source, lexicon.Default()} }

// Search returns the memories that hold words of the query, the best first.
func (s *Searcher) Search(ctx context.Context, tenant domain.Tenant, request Request, at snapshot.At) (Result, error) {
	request.Filter.State = cmp.Or(request.Filter.State, filter.Active) // whatever state Filters ask for
	where, err := request.Filter.Check()
	if err != nil {
		return Result{}, err
	}
	if state := request.Filter.State; state != "" && state != string(memory.StateActive) {
		return Result{}, domain.Invalidf("state", "must be active, since only active memories are searched, got %q", state)
	}
	limit := cmp.Or(request.Limit, DefaultLimit)
	if limit < 0 || limit > MaxLimit {
		return Result{}, domain.Invalidf("limit", "must be 1 to %d, got %d", MaxLimit, limit)
	}
	if err := request.check(); err != nil {
		return Result{}, err
	}
	r := run{lexicon: s.lexicon, request: request, limit: limit}
	if err := r.parse(); err != nil {
		return Result{}, err
	}
	snap, err := s.source.At(ctx, tenant, at)
	if err != nil {
		return Result{}, err
	}
	if minimum := max(at.MinSequenceID, snap.Position); minimum > 0 {
		for _, projection := range []string{snapshot.AgentMemories, snapshot.Search} {
			if err := s.source.Await(ctx, tenant, projection, minimum); err != nil {
				return Result{}, fmt.Errorf("search: %w", err)
			}
		}
	}
	r.snap = snap
	r.owners, r.narrow = where.Split(scopeColumns)
	var result Result
	err = s.source.Connected(ctx, func(ctx context.Context, conn *pgxpool.Conn) (err error) {
		r.conn = conn
		result, err = r.search(ctx)
		if errors.Is(err, errTooWide) {
			return errTooWide
		}
		return err
	})
	if err != nil {
		return Result{}, fmt.Errorf("search: %w", err)
	}
	return result, nil
}

func (r *Request) check() error {
	texts := 0
	for name, all := range map[string][]string{"query": {r.Query}, "must": r.Must, "must_not": r.MustNot, "phrase": r.Phrase, "prefix": {r.Prefix}} {
		for _, text := range all {
			if text == "" && (name == "query" || name == "prefix") {
				continue
			}
			texts++
			if err := domain.CheckText(name, text, maxQuery); err != nil {
				return err
			}
			if strings.TrimSpace(text) == "" {
				return domain.Invalidf(name, "must hold a word")
			}
		}
	}
	if texts > maxTexts {
		return domain.Invalidf("must", "must be at most %d texts together with must_not and phrase, got %d", maxTexts, texts)
	}
	if err := domain.CheckUnit("min_score", r.MinScore); err != nil {
		return err
	}
	return r.Weights.check()
}

// scopeColumns are the columns by which search_scopes tells scopes apart.
func scopeColumns(f filter.Field) string {
	switch f {
	case filter.AgentID, filter.UserID:
		return string(f)
	}
	return ""
}
