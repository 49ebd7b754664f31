package posting

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"

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

// Bucket is a row of a segment: the terms whose hashes begin with the same bits, in the order of hash and text.
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

// BucketNumber returns the number of the bucket of a term in a segment of n buckets. A word and its variant, which a query looks
// for together, share a bucket.
func BucketNumber(term string, n int) int { return bucketOf(lexicon.Hash(term), n) }

func bucketOf(hash uint32, n int) int {
	return FirstBucket(n) + int(hash>>(32-bits.TrailingZeros(uint(n)))) //nolint:gosec // a power of two
}

// Segment is a segment that is being made. Its documents come in their order.
type Segment struct {
	first  int // the lowest number that a document may have
	lists  []list
	sorted bool
	// What follows saves allocations.
	postings []byte // of single documents; where it outgrows its array, what was added before stays in the old one
	order    []uint64
	joined   []list
}

// list is the postings of a term, as they are stored: after the first document's number its counts and its length, then the same
// of each further document, whose number is told by how much it exceeds the one before.
type list struct {
	hash        uint32
	documents   int
	first, last int // documents
	text        []byte
	postings    []byte // without the first number
}

// segments are used again: making one allocates more than it needs in the end.
var segments = sync.Pool{New: func() any { return &Segment{} }}

// NewSegment makes an empty segment of documents from a number on.
func NewSegment(first int) *Segment {
	s := segments.Get().(*Segment)
	s.first, s.sorted = first, false
	return s
}

// Release gives the segment's memory to others. What Buckets and Terms returned stays as it is.
func (s *Segment) Release() {
	clear(s.lists) // they hold texts
	clear(s.joined[:cap(s.joined)])
	s.lists, s.joined, s.postings = s.lists[:0], s.joined[:0], s.postings[:0]
	segments.Put(s)
}

// AddDocument adds the terms of the next document, which must not be changed.
func (s *Segment) AddDocument(n Numbered) error {
	s.sorted = false
	return n.Terms.Each(func(hash uint32, text []byte, counts Counts) {
		at := len(s.postings)
		s.postings = appendNumber(append(s.postings, byte(counts)), n.Length)
		s.lists = append(s.lists, list{hash, 1, n.Doc, n.Doc, text, s.postings[at:len(s.postings):len(s.postings)]})
	})
}

// AddBucket adds a bucket of the next segment, which begins with a document. The data must not be changed.
func (s *Segment) AddBucket(data []byte, first int) error {
	s.sorted = false
	return eachList(data, first, func(l *list) error {
		l.hash = lexicon.Hash(l.text)
		s.lists = append(s.lists, *l)
		return nil
	})
}

// sort puts the lists in order and joins those of one term.
func (s *Segment) sort() {
	if s.sorted {
		return
	}
	order, joined := s.order[:0], s.joined[:0]
	for i := range s.lists {
		order = append(order, uint64(s.lists[i].hash)<<32|uint64(i))
	}
	slices.Sort(order) // numbers: a third of the time that sorting lists takes
	for from := 0; from < len(order); {
		to := from + 1
		same := true                           // as good as always
		first := &s.lists[uint32(order[from])] //nolint:gosec // the lower half
		for ; to < len(order) && order[to]>>32 == order[from]>>32; to++ {
			same = same && bytes.Equal(s.lists[uint32(order[to])].text, first.text) //nolint:gosec // the lower half
		}
		if !same {
			slices.SortStableFunc(order[from:to], func(a, b uint64) int {
				return cmp.Or(bytes.Compare(s.lists[uint32(a)].text, s.lists[uint32(b)].text), cmp.Compare(a, b)) //nolint:gosec // the lower halves
			})
		}
		for _, o := range order[from:to] {
			l := s.lists[uint32(o)] //nolint:gosec // the lower half
			if n := len(joined); n == 0 || joined[n-1].hash != l.hash || !bytes.Equal(joined[n-1].text, l.text) {
				joined = append(joined, l)
			} else {
				joined[n-1].join(&l)
			}
		}
		from = to
	}
	s.order, s.joined = order, s.lists
	s.lists, s.sorted = joined, true
}

// join adds postings of later documents.
func (l *list) join(more *list) {
	l.postings = append(appendNumber(l.postings, more.first-l.last), more.postings...)
	l.documents += more.documents
	l.last = more.last
}

// Buckets returns the segment in n buckets, a power of two, without the empty ones.
func (s *Segment) Buckets(n int) []Bucket {
	s.sort()
	size := 0
	for i := range s.lists {
		size += len(s.lists[i].text) + len(s.lists[i].postings) + 5*binary.MaxVarintLen16
	}
	data := make([]byte, 0, size) // of all buckets
	buckets := make([]Bucket, 0, n)
	for from := 0; from < len(s.lists); {
		number, at := bucketOf(s.lists[from].hash, n), len(data)
		for ; from < len(s.lists) && bucketOf(s.lists[from].hash, n) == number; from++ {
			data = s.lists[from].append(data, s.first)
		}
		buckets = append(buckets, Bucket{number, data[at:len(data):len(data)]})
	}
	return buckets
}

func (l *list) append(data []byte, first int) []byte {
	data = appendNumber(appendBytes(data, l.text), l.documents)
	data = appendNumber(appendNumber(data, l.first-first), l.last-l.first)
	return appendBytes(data, l.postings)
}

// eachList calls do for every term of a bucket of a segment that begins with a document.
func eachList(bucket []byte, first int, do func(*list) error) error {
	r := reader{data: bucket}
	var l list
	for r.more() {
		l.text, l.documents = r.bytes(), r.number()
		l.first = first + r.number()
		l.last = l.first + r.number()
		l.postings = r.bytes()
		if r.corrupt || 2*l.documents > len(l.postings) || l.last > 1<<31 { // a posting has two bytes at least
			return ErrCorrupt
		}
		if err := do(&l); err != nil {
			return err
		}
	}
	return r.err()
}
