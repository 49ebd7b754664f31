package queries

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
)

// The limits of a search.
const (
	DefaultSearchLimit = 10
	MaxSearchLimit     = 100
	// MaxWords is how many different words of a query are looked for, the first ones.
	MaxWords = 32
)

// SearchRequest says what to look for.
type SearchRequest struct {
	// Query is a question or words in English, of which any may be in a memory. What stands in quotes must be
	// in it, word after word; a word or phrase with a dash before it must not.
	Query string
	// Filter narrows what is searched; its State must be StateActive or empty.
	Filter Filter
	// Limit is how many results are returned at most, from 1 to MaxSearchLimit; default DefaultSearchLimit.
	Limit int
	// Explain asks for how each score came about.
	Explain bool
}

// SearchResult is what a search found.
type SearchResult struct {
	// Hits are ordered from the best to the worst; the newest of equals comes first.
	Hits []Hit `json:"results"`
	// SequenceID is the position that the answer reflects.
	SequenceID int64 `json:"sequence_id"`
}

// Hit is a memory that was found.
type Hit struct {
	Memory Memory `json:"memory"`
	// Score is from 0 to 1: the share of what a memory would score that held nothing but the words looked for,
	// over and over. It compares the hits of one search, not those of different ones.
	Score   float64  `json:"score"`
	Explain *Explain `json:"explain,omitempty"`
}

// Explain is how a score came about.
type Explain struct {
	// Words are the stems looked for; the scores of the words add up to that of the hit.
	Words []WordScore `json:"words"`
	// Length is how many words the memory has, AverageLength how many the memories of the scope have.
	Length        int     `json:"length"`
	AverageLength float64 `json:"average_length"`
	// Memories is how many active memories the scope has.
	Memories int64 `json:"memories"`
}

// WordScore is what one word contributed.
type WordScore struct {
	Word string `json:"word"`
	// Documents is how many of the memories hold the word; an estimate where there are many memories.
	Documents float64 `json:"documents"`
	// IDF is the weight of the word: the rarer, the higher.
	IDF float64 `json:"idf"`
	// Frequency is how often it stands in this memory.
	Frequency float64 `json:"frequency"`
	Score     float64 `json:"score"`
}

// Search returns the active memories that answer a query best, by BM25 over all words of content, type and
// metadata, with the statistics of the agent's and user's memories (or of all memories of the tenant, where the
// filter names neither). No memory needs to hold all of the words. Of a query without any word to look for,
// like "what did we do?", the newest memories that pass the filter are the answer, with score 0.
//
// Among more than a few thousand memories the rare words of the query choose the candidates, and the common ones
// only decide among those. The error names the field query where it is empty or only excludes words.
func (r *Reader) Search(ctx context.Context, tenant domain.Tenant, request SearchRequest, minSequenceID int64) (SearchResult, error) {
	f, err := request.Filter.check()
	if err != nil {
		return SearchResult{}, err
	}
	if f.State != StateActive {
		return SearchResult{}, domain.Invalidf("state", "is %q; only active memories can be searched", f.State)
	}
	limit, err := checkLimit(request.Limit, DefaultSearchLimit, MaxSearchLimit)
	if err != nil {
		return SearchResult{}, err
	}
	q, err := parseQuestion(request.Query, r.lexicon)
	if err != nil {
		return SearchResult{}, err
	}
	v, err := r.view(ctx, tenant, At{MinSequenceID: minSequenceID})
	if err != nil {
		return SearchResult{}, err
	}
	for _, projection := range []string{agentMemories, search} {
		if minSequenceID > 0 {
			if err := r.await(ctx, tenant, projection, minSequenceID); err != nil {
				return SearchResult{}, fmt.Errorf("search: %w", err)
			}
		}
	}
	if len(q.words) == 0 {
		return r.newest(ctx, tenant, f, q, limit, minSequenceID)
	}
	sought := &searching{tenant: tenant, filter: f, question: q, moment: v.moment, limit: limit, explain: request.Explain}
	if err := r.find(ctx, sought); err != nil {
		return SearchResult{}, translate(fmt.Errorf("search: %w", err))
	}
	return SearchResult{Hits: sought.hits, SequenceID: sought.position}, nil
}

// newest answers a query without a word to look for.
func (r *Reader) newest(ctx context.Context, tenant domain.Tenant, f Filter, q question, limit int, minSequenceID int64) (SearchResult, error) {
	if q.restriction != "" {
		return SearchResult{}, domain.Invalidf("query", "names no word to look for; name one beside what is to be excluded")
	}
	list, err := r.List(ctx, tenant, f, Page{Order: ByCreated, Descending: true, Limit: limit}, At{MinSequenceID: minSequenceID})
	if err != nil {
		return SearchResult{}, err
	}
	result := SearchResult{Hits: make([]Hit, len(list.Memories)), SequenceID: list.SequenceID}
	for i, m := range list.Memories {
		result.Hits[i].Memory = m
	}
	return result, nil
}

// find runs a search. Where it takes a transaction, that begins and ends together with statements, which saves two round
// trips; where it ends early, without them. After an error the connection is left inside the failed transaction, and the
// pool discards it.
func (r *Reader) find(ctx context.Context, s *searching) error {
	ctx, cancel := context.WithTimeout(ctx, r.config.Timeout)
	defer cancel()
	conn, done, err := r.connect(ctx)
	if err != nil {
		return err
	}
	defer done()
	s.conn = conn
	if err := s.run(ctx); err != nil || conn.Conn().PgConn().TxStatus() == 'I' {
		return err
	}
	_, err = conn.Exec(ctx, commitSnapshot)
	return err
}

// candidate is a memory that holds some of the words.
type candidate struct {
	id        uuid.UUID
	length    int
	createdAt time.Time
	// passes tells whether the filter lets it through.
	passes bool
	// words are the places, counted from 1, of the words that it holds.
	words []int16
	// frequencies are how often each word stands in it; among many memories known of finalists only.
	frequencies []float64
	score       float64
}

// take notes how often each word stands in the memory.
func (c *candidate) take(ranks []float32) {
	c.words, c.frequencies = nil, make([]float64, 0, len(ranks))
	for i, rank := range ranks {
		n := frequency(rank)
		c.frequencies = append(c.frequencies, n)
		if n > 0 {
			c.words = append(c.words, int16(i+1)) //nolint:gosec // at most MaxWords
		}
	}
}
