// Package recall finds the memories that answer a question best, by BM25 over all words of content, type and metadata.
//
// In a scope of at most exactLimit memories the search is exact: every memory that holds a word is scored (exact.go). In a
// larger one it is sampled: the rare words choose the candidates, and the common ones only decide among those (sampled.go).
package recall

import (
	"cmp"
	"context"
	"fmt"

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
)

// Request says what to look for.
type Request struct {
	// Query is a question or words in English. A memory may hold any of the words; it must hold a phrase in quotes, word after
	// word, and must not hold a word or phrase with a dash before it.
	Query string
	// Filter narrows what is searched; its State must be active or empty.
	Filter filter.Filter
	// Limit is how many results are returned at most, from 1 to MaxLimit; default DefaultLimit.
	Limit int
	// Explain asks how each score came about.
	Explain bool
}

// Searcher searches. It is safe for concurrent use.
type Searcher struct {
	source  *snapshot.Source
	lexicon *lexicon.Analyzer
}

// New makes a Searcher.
func New(source *snapshot.Source) *Searcher {
	return &Searcher{source: source, lexicon: lexicon.New()}
}

// Search returns the active memories that answer a query best, with the statistics of the agent's and user's memories (or of
// all memories of the tenant, if the filter names neither). No memory needs to hold all of the words. If the query has no
// word to look for, like "what did we do?", it returns the newest memories that pass the filter, with score 0.
//
// The error names the field query if it is empty or only excludes words.
func (s *Searcher) Search(ctx context.Context, tenant domain.Tenant, request Request, minSequenceID int64) (Result, error) {
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
	query, err := parseQuery(request.Query, s.lexicon)
	if err != nil {
		return Result{}, err
	}
	snap, err := s.source.At(ctx, tenant, snapshot.At{MinSequenceID: minSequenceID})
	if err != nil {
		return Result{}, err
	}
	if minSequenceID > 0 {
		for _, projection := range []string{snapshot.AgentMemories, snapshot.Search} {
			if err := s.source.Await(ctx, tenant, projection, minSequenceID); err != nil {
				return Result{}, fmt.Errorf("search: %w", err)
			}
		}
	}
	if len(query.words) == 0 {
		return s.newest(ctx, snap, where, query, limit)
	}
	run := newRun(snap, where, query, limit, request.Explain)
	var result Result
	err = s.source.Connected(ctx, func(ctx context.Context, conn *pgxpool.Conn) (err error) {
		run.conn = conn
		result, err = run.search(ctx)
		return err
	})
	if err != nil {
		return Result{}, fmt.Errorf("search: %w", err)
	}
	return result, nil
}

// newest answers a query without a word to look for.
func (s *Searcher) newest(ctx context.Context, snap snapshot.Snapshot, where filter.Where, query parsedQuery, limit int) (Result, error) {
	if query.restriction != "" {
		return Result{}, domain.Invalidf("query", "must name a word to look for beside what is excluded")
	}
	args := filter.Args{snap.Tenant}
	conditions := where.SQL(filter.Memories, snap.Moment, &args)
	sql := snap.Select(&args, conditions, "\n order by created_at desc, id desc\n limit "+args.Add(limit))
	var memories []snapshot.Memory
	position, err := s.source.Answer(ctx, snap, sql, args, snapshot.CollectInto(&memories, snapshot.ScanMemory))
	if err != nil {
		return Result{}, fmt.Errorf("search: %w", err)
	}
	result := Result{Hits: make([]Hit, len(memories)), SequenceID: position}
	for i, m := range memories {
		result.Hits[i].Memory = m
	}
	return result, nil
}

func (r *searchRun) search(ctx context.Context) (Result, error) {
	scope, candidates, err := r.loadScope(ctx)
	switch {
	case err != nil:
		return Result{}, err
	case scope.memories == 0:
		return Result{Hits: []Hit{}, SequenceID: scope.position()}, nil
	case scope.memories <= exactLimit:
		return r.exact(ctx, scope, candidates)
	default:
		return r.sampled(ctx, scope)
	}
}
