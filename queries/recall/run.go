package recall

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/queries/filter"
	"github.com/auren-memory/auren/queries/recall/answer"
	"github.com/auren-memory/auren/queries/snapshot"
)

// run is one search, on one connection.
type run struct {
	lexicon *lexicon.Analyzer
	// languages tells what analyzes the index of a tenant.
	languages *lexicon.Choice

	request answer.Request
	field   string        // the name of the query
	search  func() []byte // the fingerprint of the search
	place   answer.Place  // where the page begins
	words   []word        // that add to the score
	quoted  []phrase      // that add to the score where they stand
	require []condition   // what a result must hold, or must not

	conn   *pgxpool.Conn
	snap   snapshot.Snapshot
	owners filter.Where // agent and user: whose memories are searched
	narrow filter.Where // which of them may be found
	index  *index
	order  order
	hint   string
}

// condition is words that a result holds all of, or none.
type condition struct {
	field  string // that asks for it
	text   string
	words  []word
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
		r.require = append(r.require, condition{field: answer.ByMust, text: text, words: distinct(all)})
		analyzed = append(analyzed, all...)
	}
	for _, text := range r.request.Phrase {
		all, err := r.exactly(answer.ByPhrase, text)
		if err != nil {
			return err
		}
		r.require = append(r.require, condition{field: answer.ByPhrase, text: text, words: distinct(all), phrase: &phrase{all}})
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
		r.require = append(r.require, condition{field: answer.ByMustNot, text: text, words: distinct(all), not: true})
	}
	r.words = distinct(analyzed)
	if len(r.words) == 0 {
		return domain.Invalidf(r.field, "must hold at least one word, or must, phrase or prefix must")
	}
	if len(r.words) > maxLookedFor {
		r.hint = fmt.Sprintf("the first %d of %d words were looked for", maxLookedFor, len(r.words))
		r.words = r.words[:maxLookedFor]
	}
	for i := range r.words {
		r.words[i].addSynonyms(r.lexicon)
		r.words[i].prefix = len(beginning) > 0 && slices.Equal(r.words[i].Terms, beginning[len(beginning)-1].Terms)
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
	all := termsOf(r.words)
	for _, c := range r.require {
		all = append(all, termsOf(c.words)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// find finds the memories of the page, one of several that are answered together.
func (r *run) find(ctx context.Context, several int) (*answer.Page, error) {
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	defer r.index.release()
	analyzed := answer.AnalyzedBy(r.lexicon.Version())
	if r.place.Index != nil && !bytes.Equal(r.place.Index, analyzed) {
		return nil, domain.Invalidf("cursor", "must be of the index as it is, which has been made in other languages since: begin again")
	}
	sieve, err := r.sieve(ctx)
	if err != nil {
		return nil, err
	}
	r.order = order{run: r, sieve: sieve}
	if r.request.Fold {
		if err := r.order.fold(ctx); err != nil {
			return nil, err
		}
	}
	place := answer.Place{Position: r.index.position, Moment: r.index.moment, Index: analyzed, Rank: r.place.Rank}
	request := r.request // without what else the run holds
	page := answer.NewPage(&request, place, r.search, several)
	if err := r.collect(ctx, page); err != nil {
		return nil, err
	}
	if r.request.Total {
		total, err := r.order.total(ctx)
		if err != nil {
			return nil, err
		}
		page.Answer.Total = &total
	}
	if id := r.request.WhyNot; id != nil {
		page.Answer.WhyNot, err = r.whyNot(ctx, *id)
	}
	return page, err
}

// load reads the index and finds the documents of every word. For words that nothing matches it looks for what was meant.
func (r *run) load(ctx context.Context) (err error) {
	if r.index, err = loadIndex(ctx, r.conn, r.snap, r.owners, r.terms(), r.isAnalyzedIn); err != nil {
		return err
	}
	r.match()
	words := r.unknown()
	if len(words) == 0 || r.index.documents == 0 {
		return nil
	}
	if err := r.findLike(ctx, words); err != nil {
		return err
	}
	var terms []string
	found := make([][]*like, len(words))
	for i, u := range words {
		found[i] = u.best()
		for _, l := range found[i] {
			terms = append(terms, l.term)
		}
	}
	if len(terms) == 0 {
		return nil
	}
	slices.Sort(terms)
	if err := r.index.loadMore(ctx, r.conn, r.snap.Tenant, slices.Compact(terms), r.isAnalyzedIn); err != nil {
		return err
	}
	for i, u := range words {
		u.choose(r.index, found[i])
	}
	r.match()
	return nil
}

// maxScored is how many words of a query count: the rarest. The hint names at most maxNamed of the others.
const maxScored, maxNamed = 32, 50

// match finds the documents of every word and keeps the words that say most.
func (r *run) match() {
	for i := range r.words {
		r.words[i].match(r.index)
	}
	for _, c := range r.require {
		for i := range c.words {
			c.words[i].match(r.index)
		}
	}
	if len(r.words) > maxScored {
		slices.SortStableFunc(r.words, func(a, b word) int { return cmp.Compare(rarity(a), rarity(b)) })
		var common []string
		for _, w := range r.words[maxScored:] {
			common = append(common, w.Text)
		}
		r.hint = strings.TrimPrefix(r.hint+"; ", "; ") + fmt.Sprintf("the %d rarest words count; left out: %s", maxScored, strings.Join(common[:min(len(common), maxNamed)], " "))
		if more := len(common) - maxNamed; more > 0 {
			r.hint += fmt.Sprintf(" and %d more", more)
		}
		r.words = r.words[:maxScored]
	}
}

// rarity orders words by how many memories hold them; those that none holds are last.
func rarity(w word) int {
	if w.documents == 0 {
		return math.MaxInt
	}
	return w.documents
}
