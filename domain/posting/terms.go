package posting

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/auren-memory/auren/domain/lexicon"
)

// The terms of a segment are kept once more, without their postings, in buckets by how they begin and in others by how they
// end. A search finds in few of them the terms that an unfinished or misspelt word may mean: with one letter wrong, either the
// first two letters are right or the last two.
const edge = 2 // letters

// BeginningNumber returns the number of the bucket, among n, of the terms that begin as a text does, and whether there is one:
// a single letter is too short.
func BeginningNumber(text string, n int) (number int, ok bool) {
	text = strings.TrimPrefix(text, lexicon.Variant)
	end := 0
	for range edge {
		_, size := utf8.DecodeRuneInString(text[end:])
		end += size
	}
	return 2*n + int(lexicon.Hash(text[:end]))&(n-1), utf8.RuneCountInString(text[:end]) == edge
}

// EndNumber returns the number of the bucket, among n, of the terms that end as a text does.
func EndNumber(text string, n int) int {
	text = strings.TrimPrefix(text, lexicon.Variant)
	begin := len(text)
	for range edge {
		_, size := utf8.DecodeLastRuneInString(text[:begin])
		begin -= size
	}
	return 3*n + int(lexicon.Hash(text[begin:]))&(n-1)
}

// Terms returns the terms of the segment in n buckets by their beginnings and n by their ends. A bucket holds each term and how
// many documents have it.
func (s *Segment) Terms(n int) []Bucket {
	s.sort()
	buckets := make([]Bucket, 2*n)
	for i := range s.lists {
		l := &s.lists[i]
		text := string(l.text)
		beginning, _ := BeginningNumber(text, n)
		for _, number := range []int{beginning, EndNumber(text, n)} {
			b := &buckets[number-2*n]
			b.Number = number
			b.Data = appendNumber(appendBytes(b.Data, text), l.documents)
		}
	}
	return slices.DeleteFunc(buckets, func(b Bucket) bool { return b.Data == nil })
}

// ReadTerms calls yield for every term of a bucket. The term is valid as long as the bucket.
func ReadTerms(bucket []byte, yield func(term []byte, documents int)) error {
	r := reader{data: bucket}
	for r.more() {
		term, n := r.bytes(), r.number()
		if r.corrupt {
			return ErrCorrupt
		}
		yield(term, n)
	}
	return r.err()
}
