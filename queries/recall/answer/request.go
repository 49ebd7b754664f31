// Package answer is what a search takes and gives: the request and its limits, the results, and the cursor, the budget and the
// folding that decide which of the memories that were found an answer shows. It looks for nothing itself.
package answer

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/memory"
	"github.com/auren-memory/auren/queries/filter"
)

// The limits of a search.
const (
	DefaultLimit = 10
	MaxLimit     = 100
	// maxQuery is how many characters a text may have, and maxTexts how many texts a search.
	maxQuery = 100_000
	maxTexts = 32
	// MaxTokens is the largest budget, and MaxContext the most memories around a result on either side.
	MaxTokens  = 1_000_000
	MaxContext = 6
	// MaxQueries is how many queries one search has at most.
	MaxQueries = 20
)

// Request says what to look for.
type Request struct {
	// Query is plain text, in any language: no character of it has a meaning of its own. A phrase in quotes adds to the score
	// of memories that hold it.
	Query string
	// Queries are several, in place of Query, from 1 to MaxQueries: each is answered as if it were asked alone, all as of the same
	// state. MaxTokens is for all together.
	Queries []string
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
	// Total asks how many memories are found in all.
	Total bool
	// Cursor continues the search that returned it, as of the same state, with everything else the same but what is only about
	// how much an answer shows: Limit, Explain, Total, MaxTokens, Context, WhyNot. Default the beginning.
	Cursor string
	// MaxTokens bounds the texts of the results, from 1 to MaxTokens, by the estimate of Tokens. They are shown in their order while
	// they fit; those that exceed it alone are passed over. Default 0: no bound.
	MaxTokens int
	// Context is how many memories, told before and as many told after each result, are shown with it, from 1 to MaxContext;
	// default 0: none.
	Context int
	// Fold shows one of the memories whose texts say the same, the best, with the ids of the others. The best 1,000 memories are
	// compared, and no others are found.
	Fold bool
	// WhyNot is a memory to be explained that is not among the results; default none.
	WhyNot *uuid.UUID
}

// Weights are shares of the score, from 0 to 1 together; the rest is that of the words.
type Weights struct {
	// Recency is the share of a memory's age: halved every HalfLifeDays since it was last updated, from 0.001 to 36525; default 30.
	Recency      float64
	HalfLifeDays float64
	// Confidence is the share of the memory's confidence.
	Confidence float64
	// Importance is the share of the number, from 0 to 1, at ImportanceKey of the metadata; default "importance".
	Importance    float64
	ImportanceKey string
}

// Sum is the share that is not that of the words.
func (w Weights) Sum() float64 { return w.Recency + w.Confidence + w.Importance }

func (w Weights) check() error {
	for name, weight := range map[string]float64{"weights.recency": w.Recency, "weights.confidence": w.Confidence, "weights.importance": w.Importance} {
		if err := domain.CheckUnit(name, weight); err != nil {
			return err
		}
	}
	if w.Sum() > 1 {
		return domain.Invalidf("weights", "must be at most 1 together, got %v", w.Sum())
	}
	if w.HalfLifeDays != 0 && !(w.HalfLifeDays >= 0.001 && w.HalfLifeDays <= 36525) {
		return domain.Invalidf("weights.half_life_days", "must be 0.001 to 36525, got %v", w.HalfLifeDays)
	}
	return nil
}

// Check fills in the defaults and returns the filter, or an error that names what is wrong.
func (r *Request) Check() (filter.Where, error) {
	r.Filter.State = cmp.Or(r.Filter.State, filter.Active) // whatever state Filters ask for
	where, err := r.Filter.Check()
	if err != nil {
		return where, err
	}
	if state := r.Filter.State; state != string(memory.StateActive) {
		return where, domain.Invalidf("state", "must be active, since only active memories are searched, got %q", state)
	}
	if r.Limit < 0 || r.Limit > MaxLimit {
		return where, domain.Invalidf("limit", "must be 1 to %d, got %d", MaxLimit, r.Limit)
	}
	r.Limit = cmp.Or(r.Limit, DefaultLimit)
	if r.MaxTokens < 0 || r.MaxTokens > MaxTokens {
		return where, domain.Invalidf("max_tokens", "must be 1 to %d, got %d", MaxTokens, r.MaxTokens)
	}
	if r.Context < 0 || r.Context > MaxContext {
		return where, domain.Invalidf("context", "must be 1 to %d, got %d", MaxContext, r.Context)
	}
	if err := r.checkTexts(); err != nil {
		return where, err
	}
	if err := domain.CheckUnit("min_score", r.MinScore); err != nil {
		return where, err
	}
	return where, r.Weights.check()
}

// Each returns a request for each query.
func (r *Request) Each() []Request {
	if len(r.Queries) == 0 {
		return []Request{*r}
	}
	each := make([]Request, len(r.Queries))
	for i, query := range r.Queries {
		each[i] = *r
		each[i].Query, each[i].Queries = query, nil
	}
	return each
}

// Field is the name of the n-th query.
func (r *Request) Field(n int) string {
	if len(r.Queries) == 0 {
		return "query"
	}
	return "queries[" + strconv.Itoa(n) + "]"
}

func (r *Request) checkQueries() error {
	switch {
	case len(r.Queries) == 0:
		return nil
	case len(r.Queries) > MaxQueries:
		return domain.Invalidf("queries", "must be 1 to %d, got %d", MaxQueries, len(r.Queries))
	case r.Query != "":
		return domain.Invalidf("queries", "must be given without query: add it to them")
	case r.Cursor != "":
		return domain.Invalidf("cursor", "must be given with the one query that it is of, as query, not with queries")
	}
	for i, query := range r.Queries {
		if err := checkText(r.Field(i), query); err != nil {
			return err
		}
	}
	return nil
}

func checkText(field, text string) error {
	if err := domain.CheckText(field, text, maxQuery); err != nil {
		return err
	}
	if strings.TrimSpace(text) == "" {
		return domain.Invalidf(field, "must hold a word")
	}
	return nil
}

func (r *Request) checkTexts() error {
	if err := r.checkQueries(); err != nil {
		return err
	}
	texts := 0
	for name, all := range map[string][]string{"query": {r.Query}, "must": r.Must, "must_not": r.MustNot, "phrase": r.Phrase, "prefix": {r.Prefix}} {
		for _, text := range all {
			if text == "" && (name == "query" || name == "prefix") {
				continue
			}
			texts++
			if err := checkText(name, text); err != nil {
				return err
			}
		}
	}
	if texts > maxTexts {
		return domain.Invalidf("must", "must be at most %d texts together with must_not and phrase, got %d", maxTexts, texts)
	}
	return nil
}
