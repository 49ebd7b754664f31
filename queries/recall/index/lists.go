package index

import (
	"math"
	"slices"

	"github.com/auren-memory/auren/domain/posting"
)

// Lists are the postings of terms, and the statistics of the documents that were searched.
type Lists struct {
	// ByTerm holds a list for every term that was loaded, in the order of documents. Hidden documents are among them.
	ByTerm map[string]*posting.List
	// Size is greater than the number of any document.
	Size int
	// Hidden tells which documents had ended, or not begun.
	Hidden []bool
	// Documents is how many documents are not hidden, and Length the sum of their lengths in terms.
	Documents, Length int64
}

// AverageLength is the average length of a document in terms, at least 1.
func (l *Lists) AverageLength() float64 {
	return max(1, float64(l.Length)/float64(max(1, l.Documents)))
}

// IDF is the inverse document frequency of a word that so many documents hold.
func (l *Lists) IDF(holding int) float64 {
	return math.Log1p((float64(l.Documents) - float64(holding) + 0.5) / (float64(holding) + 0.5))
}

// Holding is how many documents hold a term that was loaded.
func (l *Lists) Holding(term string) (n int) {
	for _, document := range l.ByTerm[term].Docs {
		if !l.Hidden[document] {
			n++
		}
	}
	return n
}

// Frequency is how often a document holds a term that was loaded.
func (l *Lists) Frequency(term string, document int) int {
	list := l.ByTerm[term]
	i, ok := slices.BinarySearch(list.Docs, uint32(document)) //nolint:gosec // a document's number
	if !ok {
		return 0
	}
	return list.Counts[i].Content() + list.Counts[i].Other()
}
