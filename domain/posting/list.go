package posting

import (
	"slices"
	"sort"
)

// List is the postings of a term in ascending order of documents: one element of each slice for each posting.
type List struct {
	Docs    []uint32 // number in the scope
	Counts  []Counts
	Lengths []uint32
}

// Add adds a posting.
func (l *List) Add(doc, length int, counts Counts) {
	l.Docs = append(l.Docs, uint32(doc)) //nolint:gosec // bounded by the number of documents
	l.Counts = append(l.Counts, counts)
	l.Lengths = append(l.Lengths, uint32(length)) //nolint:gosec // the length of a text
}

// Read adds the postings of a term from its bucket, in a segment that begins with a document.
func (l *List) Read(bucket []byte, term string, first int) error {
	return eachList(bucket, first, func(stored *list) error {
		if string(stored.text) != term {
			return nil
		}
		l.Docs = slices.Grow(l.Docs, stored.documents)
		l.Counts = slices.Grow(l.Counts, stored.documents)
		l.Lengths = slices.Grow(l.Lengths, stored.documents)
		return l.read(stored)
	})
}

func (l *List) read(stored *list) error {
	r := reader{data: stored.postings}
	doc := stored.first
	for i := range stored.documents {
		if i > 0 {
			doc += r.number()
		}
		counts := r.take(1)
		length := r.number()
		if r.corrupt || doc > stored.last {
			return ErrCorrupt
		}
		l.Add(doc, length, Counts(counts[0]))
	}
	if r.more() {
		return ErrCorrupt
	}
	return nil
}

// Sort puts the postings in the order of documents.
func (l *List) Sort() {
	if !slices.IsSorted(l.Docs) {
		sort.Sort(byDocument{l})
	}
}

type byDocument struct{ *List }

func (l byDocument) Len() int           { return len(l.Docs) }
func (l byDocument) Less(i, j int) bool { return l.Docs[i] < l.Docs[j] }
func (l byDocument) Swap(i, j int) {
	l.Docs[i], l.Docs[j] = l.Docs[j], l.Docs[i]
	l.Counts[i], l.Counts[j] = l.Counts[j], l.Counts[i]
	l.Lengths[i], l.Lengths[j] = l.Lengths[j], l.Lengths[i]
}
