package posting

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/auren-memory/auren/domain/lexicon"
)

// Numbered is a document of a segment.
type Numbered struct {
	Doc    int // its number in the scope
	Length int // in words
	Terms  Document
}

// Level is a size of segments.
type Level struct {
	Documents   int
	Buckets     int // of postings; their rows stay near 1 kB for memories of a hundred words
	TermBuckets int // of beginnings, and as many of ends
}

// Levels are the sizes of segments. Each is made of eight of the level before, the first of single documents, so a scope has at
// most seven segments of each level but the last.
var Levels = []Level{{128, 32, 8}, {1024, 256, 32}, {8192, 2048, 256}}

// Bucket is a row of a segment: all terms whose hash, modulo the number of buckets, is the same, in ascending order.
//
// For each: the text, the number of postings, the number of their bytes, the postings. Of each posting: by how much the
// document's number exceeds the one before it (at first, the segment's first document), the Counts in one byte, the length
// of the document.
type Bucket struct {
	Number int
	Data   []byte
}

// maxBuckets is how many buckets a segment has at most.
const maxBuckets = 2048

// FirstBucket returns the lowest number of the buckets of a segment that has n, a power of two; the others follow. Numbers of
// different n differ, and those of larger segments, which hold the earlier documents, are lower: so the rows of a term come
// in the order of documents, and need no sorting.
func FirstBucket(n int) int { return 2 * (maxBuckets - n) }

// BucketNumber returns the number of the bucket of a term in a segment of n buckets.
func BucketNumber(term string, n int) int {
	return FirstBucket(n) + int(Hash(strings.TrimPrefix(term, lexicon.Variant)))&(n-1)
}

// List is the postings of a term in ascending order of documents: one element of each slice for each posting.
type List struct {
	Docs    []uint32 // number in the scope
	Counts  []Counts
	Lengths []uint32
}

func (l *List) add(doc, length int, counts Counts) {
	l.Docs = append(l.Docs, uint32(doc))
	l.Counts = append(l.Counts, counts)
	l.Lengths = append(l.Lengths, uint32(length))
}

// Segment is the postings of some documents by term.
type Segment struct {
	first int // the lowest number that a document may have
	lists map[string]*List
}

// NewSegment makes a segment of documents from the number first on.
func NewSegment(first int) *Segment { return &Segment{first: first, lists: map[string]*List{}} }

func (s *Segment) list(term []byte) *List {
	l := s.lists[string(term)]
	if l == nil {
		l = &List{}
		s.lists[string(term)] = l
	}
	return l
}

// AddDocument adds the postings of a document whose number exceeds that of every one before.
func (s *Segment) AddDocument(n Numbered) error {
	return n.Terms.Each(func(_ uint32, text []byte, counts Counts) { s.list(text).add(n.Doc, n.Length, counts) })
}

// AddBucket adds the postings of another segment, all of whose documents have higher numbers than those before.
func (s *Segment) AddBucket(data []byte, first int) error {
	return eachTerm(data, func(term, postings []byte, _ int) error { return s.list(term).read(postings, first) })
}

// Buckets returns the segment in n buckets, a power of two, without the empty ones.
func (s *Segment) Buckets(n int) []Bucket {
	buckets := make([]Bucket, n)
	var postings []byte
	for _, term := range slices.Sorted(maps.Keys(s.lists)) {
		l := s.lists[term]
		number := BucketNumber(term, n)
		b := &buckets[number-FirstBucket(n)]
		b.Number = number
		postings = l.append(postings[:0], s.first)
		b.Data = appendNumber(appendBytes(b.Data, term), len(l.Docs))
		b.Data = appendBytes(b.Data, postings)
	}
	return slices.DeleteFunc(buckets, func(b Bucket) bool { return b.Data == nil })
}

func (l *List) append(dst []byte, first int) []byte {
	last := uint32(first)
	for i, doc := range l.Docs {
		dst = append(appendNumber(dst, doc-last), byte(l.Counts[i]))
		dst = appendNumber(dst, l.Lengths[i])
		last = doc
	}
	return dst
}

// Read adds to a list the postings of a term in a bucket of a segment whose first document is named; none if the term is
// not there.
func (l *List) Read(bucket []byte, term string, first int) error {
	return eachTerm(bucket, func(text, postings []byte, n int) error {
		if string(text) != term {
			return nil
		}
		l.Docs = slices.Grow(l.Docs, n)
		l.Counts = slices.Grow(l.Counts, n)
		l.Lengths = slices.Grow(l.Lengths, n)
		return l.read(postings, first)
	})
}

func (l *List) read(postings []byte, first int) error {
	r := reader{data: postings}
	doc := first
	for r.more() {
		doc += r.number()
		counts := r.take(1)
		length := r.number()
		if r.corrupt || doc > 1<<31 {
			return ErrCorrupt
		}
		l.add(doc, length, Counts(counts[0]))
	}
	return nil
}

// eachTerm calls do for every term of a bucket.
func eachTerm(bucket []byte, do func(term, postings []byte, n int) error) error {
	r := reader{data: bucket}
	for r.more() {
		term, n := r.bytes(), r.number()
		postings := r.bytes()
		if r.corrupt || n > len(postings) { // a posting has three bytes at least
			return ErrCorrupt
		}
		if err := do(term, postings, n); err != nil {
			return err
		}
	}
	return r.err()
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
