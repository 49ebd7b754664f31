package ranking

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/domain/posting"
	"github.com/auren-memory/auren/queries/recall/index"
)

const (
	// likeWeight is the weight of what was probably meant by a word that no memory holds.
	likeWeight = 0.7
	// minBeginning is how many letters of a longer word a word must have.
	minBeginning = 3
	// maxTypos and maxLonger are how many terms stand for a word.
	maxTypos, maxLonger = 3, 5
)

// unfinished is a word that may mean others: misspelt, or the beginning of longer ones.
type unfinished struct {
	*Word
	beginnings []string
	spellings  []spelling
	found      map[string]*like
}

// like is a term that may be meant by a word.
type like struct {
	term      string
	kind      lexicon.Kind
	distance  int // of a typo
	documents int // that hold it or held it once; each is counted twice if the term was found by its beginning and by its end
}

// maxLike bounds how many terms are looked at for a word.
const maxLike = 200

// Guess looks for what is meant by the words that nothing matches and that may be misspelt or unfinished, and by the one whose Prefix is
// set. It adds such terms to the words and matches them again. All words must have been matched.
func Guess(ctx context.Context, x *index.Index, analyzer *lexicon.Analyzer, words []Word) error {
	unfinished := unknown(analyzer, words)
	if len(unfinished) == 0 || x.Documents == 0 {
		return nil
	}
	var buckets []int32
	for _, u := range unfinished {
		buckets = append(buckets, u.buckets()...)
	}
	slices.Sort(buckets)
	err := x.EachTerm(ctx, slices.Compact(buckets), func(term []byte, documents int) {
		for _, u := range unfinished {
			u.consider(term, documents)
		}
	})
	if err != nil {
		return err
	}
	var terms []string
	found := make([][]*like, len(unfinished))
	for i, u := range unfinished {
		found[i] = u.best()
		for _, l := range found[i] {
			terms = append(terms, l.term)
		}
	}
	if len(terms) == 0 {
		return nil
	}
	slices.Sort(terms)
	if err := x.LoadMore(ctx, slices.Compact(terms)); err != nil {
		return err
	}
	for i, u := range unfinished {
		u.choose(&x.Lists, found[i])
		u.Match(&x.Lists)
	}
	return nil
}

// unknown returns the words that may mean others.
func unknown(analyzer *lexicon.Analyzer, words []Word) []*unfinished {
	var found []*unfinished
	for i := range words {
		w := &words[i]
		letters := utf8.RuneCountInString(w.Text)
		missing := w.Documents == 0 && !w.Stop && letters >= minBeginning && strings.IndexFunc(w.Text, unicode.IsLetter) >= 0
		if !missing && !w.Prefix {
			continue
		}
		u := &unfinished{Word: w, found: map[string]*like{}}
		for _, p := range analyzer.Prefixes(w.Text) {
			u.beginnings = append(u.beginnings, p.Begins...)
		}
		if missing && letters >= oneTypo {
			u.spellings = spellings(w, letters)
		}
		found = append(found, u)
	}
	return found
}

// consider keeps a term that may be meant.
func (u *unfinished) consider(term []byte, documents int) {
	if l := u.found[string(term)]; l != nil {
		l.documents += documents
		return
	}
	for _, begin := range u.beginnings {
		if len(term) >= len(begin) && string(term[:len(begin)]) == begin {
			u.found[string(term)] = &like{term: string(term), kind: lexicon.Prefixed, documents: documents}
			return
		}
	}
	plain := bytes.TrimPrefix(term, []byte(lexicon.Variant))
	least := math.MaxInt
	for i := range u.spellings {
		if d := u.spellings[i].distance(plain); d <= u.spellings[i].allowed {
			least = min(least, d)
		}
	}
	if least < math.MaxInt {
		u.found[string(term)] = &like{term: string(term), kind: lexicon.Typo, distance: least, documents: documents}
	}
}

// buckets returns the numbers of the buckets of terms where those that are meant may be.
func (u *unfinished) buckets() (numbers []int32) {
	for _, level := range posting.Levels {
		n := level.TermBuckets
		texts := u.beginnings
		for _, s := range u.spellings {
			texts = append(slices.Clip(texts), s.text)
			numbers = append(numbers, int32(posting.EndNumber(s.text, n))) //nolint:gosec // a small number
		}
		for _, text := range texts {
			number, ok := posting.BeginningNumber(text, n)
			if ok {
				numbers = append(numbers, int32(number)) //nolint:gosec // a small number
				continue
			}
			for number := 2 * n; number < 3*n; number++ {
				numbers = append(numbers, int32(number)) //nolint:gosec // a small number
			}
		}
	}
	return numbers
}

// best returns the terms that are meant most probably, by how near they are and how many documents hold them.
func (u *unfinished) best() []*like {
	found := slices.SortedFunc(maps.Values(u.found), func(a, b *like) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(b.documents, a.documents), cmp.Compare(a.term, b.term))
	})
	return found[:min(maxLike, len(found))]
}

// choose adds to a word the best of the terms that may be meant, by how many memories of the index hold them.
func (w *Word) choose(lists *index.Lists, found []*like) {
	holding := map[string]int{}
	nearest := twoTypos
	for _, l := range found {
		holding[l.term] = lists.Holding(l.term)
		if l.kind == lexicon.Typo && holding[l.term] > 0 {
			nearest = min(nearest, l.distance)
		}
	}
	slices.SortStableFunc(found, func(a, b *like) int {
		return cmp.Or(cmp.Compare(holding[b.term], holding[a.term]), cmp.Compare(a.term, b.term))
	})
	left := map[lexicon.Kind]int{lexicon.Prefixed: maxLonger, lexicon.Typo: maxTypos}
	if w.Prefix {
		left[lexicon.Prefixed] = maxLike
	}
	for _, l := range found {
		known := slices.ContainsFunc(w.terms, func(a lexicon.Alternative) bool { return a.Term == l.term })
		if !known && holding[l.term] > 0 && left[l.kind] > 0 && (l.kind != lexicon.Typo || l.distance == nearest) {
			left[l.kind]--
			w.terms = append(w.terms, lexicon.Alternative{Term: l.term, Weight: likeWeight, Kind: l.kind})
		}
	}
}
