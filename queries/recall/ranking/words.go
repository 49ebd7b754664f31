package ranking

import (
	"cmp"
	"slices"

	"github.com/auren-memory/auren/domain/lexicon"
	"github.com/auren-memory/auren/domain/posting"
	"github.com/auren-memory/auren/queries/recall/index"
)

// The weights of what stands for a word. The sources of all constants of the ranking are in docs/recall.md.
const (
	synonymWeight   = 0.6  // of a synonym as close as can be
	synonymMaxShare = 0.05 // of the documents that may hold a synonym: a common word says too little
)

// Word is a word of the query, with the documents that hold it.
type Word struct {
	lexicon.Word
	// Prefix is set where longer words that begin so are meant, too.
	Prefix bool
	// Documents is how many documents hold the word; its synonyms do not count.
	Documents int
	// IDF is the inverse document frequency of the word.
	IDF     float64
	terms   []lexicon.Alternative // with synonyms, and what Guess found
	matches []match               // in the order of documents
}

// match is how well a document answers a word: by its best term, of all its text and of its content.
type match struct {
	document     uint32
	term         uint8 // place in the terms of the word
	own, content float32
}

// saturate is the part of BM25 that depends on the document: how soon repeating a word stops counting, and how much the
// length matters. k1 and b are low, because memories are short texts.
const (
	k1 = 0.9
	b  = 0.3
)

func saturate(frequency, relativeLength float64) float64 {
	return frequency * (k1 + 1) / (frequency + k1*(1-b+b*relativeLength))
}

// Distinct returns the words of a text, each once; without stop words, unless there is nothing else. They have no synonyms.
func Distinct(all []lexicon.Word) []Word {
	onlyStop := !slices.ContainsFunc(all, func(w lexicon.Word) bool { return !w.Stop })
	var words []Word
	byTerm := map[string][]int{} // places in words, by the first term
	for _, w := range all {
		first := w.Terms[0].Term
		known := slices.ContainsFunc(byTerm[first], func(i int) bool { return slices.Equal(words[i].Terms, w.Terms) })
		if !known && (!w.Stop || onlyStop) {
			byTerm[first] = append(byTerm[first], len(words))
			words = append(words, Word{Word: w, terms: w.Terms})
		}
	}
	return words
}

// AddSynonyms adds the synonyms of the thesaurus to the terms of the word.
func (w *Word) AddSynonyms(analyzer *lexicon.Analyzer) {
	for _, a := range w.Terms {
		switch a.Kind {
		case lexicon.Exact, lexicon.Irregular, lexicon.Part:
			w.terms = slices.Concat(w.terms, analyzer.Synonyms(a.Term))
			return
		}
	}
}

// TermsOf returns the terms of words; one that several words have comes several times.
func TermsOf(words []Word) []string {
	var terms []string
	for _, w := range words {
		for _, a := range w.terms {
			terms = append(terms, a.Term)
		}
	}
	return terms
}

// Worth is what the word adds to a score at most.
func (w *Word) Worth() float64 { return w.IDF * (k1 + 1) }

// Holders tells which documents hold the word itself, not only a synonym.
func (w *Word) Holders(lists *index.Lists) []bool {
	holds := make([]bool, lists.Size)
	for _, a := range w.terms {
		if a.Kind == lexicon.Synonym {
			continue
		}
		for _, d := range lists.ByTerm[a.Term].Docs {
			holds[d] = !lists.Hidden[d]
		}
	}
	return holds
}

// Match finds the documents that hold the word and sets Documents and IDF. The terms of the word must have been loaded.
func (w *Word) Match(lists *index.Lists) {
	average := lists.AverageLength()
	w.matches = nil
	for i, a := range w.terms {
		if a.Kind == lexicon.Synonym {
			continue
		}
		w.matches = merge(w.matches, matchesOf(lists, lists.ByTerm[a.Term], uint8(i), a.Weight, average)) //nolint:gosec // terms of a word are few
	}
	w.Documents = len(w.matches)
	w.IDF = lists.IDF(w.Documents)
	for i, a := range w.terms {
		if a.Kind != lexicon.Synonym {
			continue
		}
		list := lists.ByTerm[a.Term]
		holding := lists.Holding(a.Term)
		if holding == 0 || float64(holding) > synonymMaxShare*float64(lists.Documents) {
			continue
		}
		weight := synonymWeight * a.Weight * min(1, lists.IDF(holding)/w.IDF)
		w.matches = merge(w.matches, matchesOf(lists, list, uint8(i), weight, average)) //nolint:gosec // terms of a word are few
	}
}

func matchesOf(lists *index.Lists, list *posting.List, term uint8, weight, average float64) []match {
	matches := make([]match, 0, len(list.Docs))
	for i, document := range list.Docs {
		if lists.Hidden[document] {
			continue
		}
		counts, relative := list.Counts[i], float64(list.Lengths[i])/average
		own := float32(weight * saturate(float64(counts.Content()+counts.Other()), relative))
		content := own
		if counts.Other() > 0 {
			content = float32(weight * saturate(float64(counts.Content()), relative))
		}
		matches = append(matches, match{document, term, own, content})
	}
	return matches
}

// merge returns the documents of both, each once, with the better of its values.
func merge(some, more []match) []match {
	if len(some) == 0 {
		return more
	}
	if len(more) == 0 {
		return some
	}
	merged := make([]match, 0, len(some)+len(more))
	for len(some) > 0 && len(more) > 0 {
		switch cmp.Compare(some[0].document, more[0].document) {
		case -1:
			merged, some = append(merged, some[0]), some[1:]
		case 1:
			merged, more = append(merged, more[0]), more[1:]
		default:
			best := some[0]
			if more[0].own > best.own {
				best = more[0]
			}
			best.content = max(some[0].content, more[0].content)
			merged, some, more = append(merged, best), some[1:], more[1:]
		}
	}
	return append(append(merged, some...), more...)
}
