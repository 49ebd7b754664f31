package answer

import (
	"fmt"

	"github.com/google/uuid"
)

// WhyNot explains why a memory is not among the results.
type WhyNot struct {
	ID uuid.UUID `json:"id"`
	// Reason is one of the constants below. Most are the members of the request that leave the memory out.
	Reason string `json:"reason" enum:"not_found,forgotten,expired,filters,must,must_not,phrase,prefix,query,fold,min_score,cursor,max_tokens,limit,found"`
	// Detail says the same in words.
	Detail string `json:"detail"`
	// Rank, from 1, and Score are given where the words find the memory; Explain says how the score came about.
	Rank    int      `json:"rank,omitempty"`
	Score   *float64 `json:"score,omitempty"`
	Explain *Explain `json:"explain,omitempty"`
	// DuplicateOf is the result that stands for the memory, by Fold.
	DuplicateOf *uuid.UUID `json:"duplicate_of,omitempty"`

	tokens int
}

// The reasons.
const (
	NotFound  = "not_found" // also where it is not of the agents and users searched
	Forgotten = "forgotten"
	Expired   = "expired"
	ByFilters = "filters"
	ByMust    = "must"
	ByMustNot = "must_not"
	ByPhrase  = "phrase"
	ByPrefix  = "prefix"
	ByQuery   = "query" // it holds none of the words
	ByFold    = "fold"
	byScore   = "min_score"
	byCursor  = "cursor" // it is on a page before
	byTokens  = "max_tokens"
	byLimit   = "limit"
	found     = "found"
)

// Because sets the reason.
func (w *WhyNot) Because(reason, format string, args ...any) *WhyNot {
	w.Reason, w.Detail = reason, fmt.Sprintf(format, args...)
	return w
}

// RankedAs sets what the words found. Whether the memory is shown is decided by the page.
func (w *WhyNot) RankedAs(rank int, hit Hit) *WhyNot {
	w.Rank, w.Score, w.Explain, w.tokens = rank+1, &hit.Score, hit.Explain, Tokens(hit.Memory.Content)
	return w
}

// decide finds the reason for a memory that the words find.
func (p *Page) decide(w *WhyNot) {
	if w.Reason != "" {
		return
	}
	for i := range p.hits {
		if p.hits[i].Memory.ID == w.ID {
			w.Because(found, "it is among the results, as number %d of all", w.Rank)
			return
		}
	}
	most := p.request.MaxTokens
	switch {
	case *w.Score < p.request.MinScore:
		w.Because(byScore, "its score is %.4g, less than %.4g", *w.Score, p.request.MinScore)
	case w.Rank <= p.place.Rank:
		w.Because(byCursor, "it is number %d of all results, on a page before", w.Rank)
	case most > 0 && w.tokens > most:
		w.Because(byTokens, "it takes %d tokens alone, more than %d", w.tokens, most)
	case p.Answer.Cut:
		w.Because(byTokens, "it is number %d of all results, and %d tokens end the answer before it", w.Rank, most)
	default:
		w.Because(byLimit, "it is number %d of all results, and the page ends before it", w.Rank)
	}
}
