package recall

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/auren-memory/auren/domain"
	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/queries/recall/answer"
	"github.com/auren-memory/auren/queries/recall/index"
	"github.com/auren-memory/auren/queries/recall/ranking"
)

// A query is analyzed before the index is read, in the languages that the index had when it was read last. Each statement that reads
// terms reads the languages of its index too: where a rebuild has changed them, the search begins again.

// otherLanguages means that the texts of the index are analyzed by another Analyzer than the query was.
type otherLanguages struct{ analyzer *lexicon.Analyzer }

// Error says so.
func (otherLanguages) Error() string { return "the languages of the index have changed" }

// isAnalyzedIn returns an otherLanguages error unless the query is analyzed in the languages of the index.
func (r *run) isAnalyzedIn(languages string) error {
	analyzer, err := r.languages.Of(string(r.snap.Tenant), languages)
	if err != nil {
		return domain.Errorf(domain.Unavailable, "the search index is made by a newer program: %v", err)
	}
	if analyzer != r.lexicon {
		return otherLanguages{analyzer}
	}
	return nil
}

// maxChanges bounds how often a search begins again; more rebuilds do not fit into its time.
const maxChanges = 3

// findInItsLanguages is find in the languages of the index.
func (r *run) findInItsLanguages(ctx context.Context, several int) (*answer.Page, error) {
	for changes := 0; ; changes++ {
		page, err := r.find(ctx, several)
		other, ok := errors.AsType[otherLanguages](err)
		if !ok || changes == maxChanges {
			return page, err
		}
		r.lexicon = other.analyzer
		if err := r.parse(); err != nil {
			return nil, err
		}
	}
}

// find finds the memories of the page, one of several that are answered together.
func (r *run) find(ctx context.Context, several int) (*answer.Page, error) {
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	defer r.index.Release()
	analyzed := answer.AnalyzedBy(r.lexicon.Version())
	if r.place.Index != nil && !bytes.Equal(r.place.Index, analyzed) {
		return nil, domain.Invalidf("cursor", "must be of the index as it is, which has been made in other languages since: begin again")
	}
	sieve, err := newSieve(ctx, r)
	if err != nil {
		return nil, err
	}
	o := &order{run: r, sieve: sieve}
	if r.request.Fold {
		if err := o.fold(ctx); err != nil {
			return nil, err
		}
	}
	place := answer.Place{Position: r.index.State.Position, Moment: r.index.State.Moment, Index: analyzed, Rank: r.place.Rank}
	request := r.request // without what else the run holds
	page := answer.NewPage(&request, place, r.search, several)
	if err := o.collect(ctx, page); err != nil {
		return nil, err
	}
	if r.request.Total {
		total, err := o.total(ctx)
		if err != nil {
			return nil, err
		}
		page.Answer.Total = &total
	}
	if id := r.request.WhyNot; id != nil {
		page.Answer.WhyNot, err = o.whyNot(ctx, *id)
	}
	return page, err
}

// load reads the index and finds the documents of every word. For words that nothing matches it looks for what was meant.
func (r *run) load(ctx context.Context) (err error) {
	if r.index, err = index.Load(ctx, r.conn, r.snap, r.owners, r.terms(), r.isAnalyzedIn); err != nil {
		return err
	}
	r.match()
	return ranking.Guess(ctx, r.index, r.lexicon, r.words)
}

// maxScored is how many words of a query count: the rarest. The hint names at most maxNamed of the others.
const maxScored, maxNamed = 32, 50

// match finds the documents of every word and keeps the words that say most.
func (r *run) match() {
	for i := range r.words {
		r.words[i].Match(&r.index.Lists)
	}
	for _, c := range r.require {
		for i := range c.words {
			c.words[i].Match(&r.index.Lists)
		}
	}
	if len(r.words) > maxScored {
		slices.SortStableFunc(r.words, func(a, b ranking.Word) int { return cmp.Compare(rarity(a), rarity(b)) })
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
func rarity(w ranking.Word) int {
	if w.Documents == 0 {
		return math.MaxInt
	}
	return w.Documents
}

// collect fills a page from the rank that the request begins with.
func (o *order) collect(ctx context.Context, page *answer.Page) error {
	found := o.resultsFrom(o.place.Rank)
	var shown []int
	for !page.Full() {
		s, err := found.next(ctx)
		if err != nil {
			return err
		}
		if s == nil {
			break
		}
		if page.Add(found.hit(s), found.rank-1) {
			shown = append(shown, s.Document)
		}
	}
	if page.Full() {
		more, err := found.more(ctx)
		if err != nil {
			return err
		}
		if more {
			page.Follow(found.rank)
		}
	}
	page.Answer.Hint = o.hint
	if found.rank == 0 && o.hint == "" {
		page.Answer.Hint = o.whyNothing()
	}
	if o.request.Context > 0 && len(shown) > 0 {
		return o.addContext(ctx, page, shown)
	}
	return nil
}

// whyNothing says what one may try.
func (r *run) whyNothing() string {
	switch {
	case r.index.Documents == 0:
		return "no memory is active there"
	case len(r.require) > 0 || r.request.MinScore > 0:
		return "no memory meets must, must_not, phrase, prefix and min_score; try without them"
	}
	return "no memory holds any of the words or a similar one"
}
