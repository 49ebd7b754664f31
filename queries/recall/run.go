package recall

import (
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/recall/answer"
	"github.com/auren-memory/auren/queries/recall/index"
	"github.com/auren-memory/auren/queries/recall/ranking"
	"github.com/auren-memory/auren/queries/snapshot"
)

// run is one search, on one connection.
type run struct {
	lexicon *lexicon.Analyzer
	// languages tells what analyzes the index of a tenant.
	languages *lexicon.Choice

	request answer.Request
	field   string         // the name of the query
	search  func() []byte  // the fingerprint of the search
	place   answer.Place   // where the page begins
	words   []ranking.Word // that add to the score
	quoted  []phrase       // that add to the score where they stand
	require []condition    // what a result must hold, or must not

	conn   *pgxpool.Conn
	snap   snapshot.Snapshot
	owners filter.Where // agent and user: whose memories are searched
	narrow filter.Where // which of them may be found
	index  *index.Index
	hint   string
}

// condition is words that a result holds all of, or none.
type condition struct {
	field  string // that asks for it
	text   string
	words  []ranking.Word
	not    bool
	phrase *phrase
}

// The limits of words, so that a search reads a bounded number of lists: those of a query, of which the first are taken, and those of
// a text of must, must_not, phrase or prefix, and of a quoted phrase.
const maxLookedFor, maxExact = 2000, 200

// parse finds out which words are looked for.
func (r *run) parse() error {
	r.require, r.hint = nil, ""
	analyzed := r.lexicon.Query(r.request.Query)
	r.quoted = phrasesOf(analyzed)
	for _, text := range r.request.Must {
		all, err := r.exactly(answer.ByMust, text)
		if err != nil {
			return err
		}
		r.require = append(r.require, condition{field: answer.ByMust, text: text, words: ranking.Distinct(all)})
		analyzed = append(analyzed, all...)
	}
	for _, text := range r.request.Phrase {
		all, err := r.exactly(answer.ByPhrase, text)
		if err != nil {
			return err
		}
		r.require = append(r.require, condition{field: answer.ByPhrase, text: text, words: ranking.Distinct(all), phrase: &phrase{all}})
		analyzed = append(analyzed, all...)
	}
	beginning, err := r.exactly(answer.ByPrefix, r.request.Prefix)
	if err != nil {
		return err
	}
	analyzed = append(analyzed, beginning...)
	for _, text := range r.request.MustNot {
		all, err := r.exactly(answer.ByMustNot, text)
		if err != nil {
			return err
		}
		r.require = append(r.require, condition{field: answer.ByMustNot, text: text, words: ranking.Distinct(all), not: true})
	}
	r.words = ranking.Distinct(analyzed)
	if len(r.words) == 0 {
		return domain.Invalidf(r.field, "must hold at least one word, or must, phrase or prefix must")
	}
	if len(r.words) > maxLookedFor {
		r.hint = fmt.Sprintf("the first %d of %d words were looked for", maxLookedFor, len(r.words))
		r.words = r.words[:maxLookedFor]
	}
	for i := range r.words {
		r.words[i].AddSynonyms(r.lexicon)
		r.words[i].Prefix = len(beginning) > 0 && slices.Equal(r.words[i].Terms, beginning[len(beginning)-1].Terms)
	}
	return nil
}

// exactly analyzes a text all of whose words count.
func (r *run) exactly(field, text string) ([]lexicon.Word, error) {
	all := r.lexicon.Query(text)
	if len(all) > maxExact {
		return nil, domain.Invalidf(field, "must be at most %d words, got %d", maxExact, len(all))
	}
	return all, nil
}

func (r *run) terms() []string {
	all := ranking.TermsOf(r.words)
	for _, c := range r.require {
		all = append(all, ranking.TermsOf(c.words)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
