package posting

import (
	"maps"
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
	return 2*n + int(Hash(text[:end]))&(n-1), utf8.RuneCountInString(text[:end]) == edge
}

// EndNumber returns the number of the bucket, among n, of the terms that end as a text does.
func EndNumber(text string, n int) int {
	text = strings.TrimPrefix(text, lexicon.Variant)
	begin := len(text)
	for range edge {
		_, size := utf8.DecodeLastRuneInString(text[:begin])
		begin -= size
	}
	return 3*n + int(Hash(text[begin:]))&(n-1)
}

// Terms returns the terms of the segment in n buckets by their beginnings and n by their ends. A bucket holds for each term, in
// order, how many bytes it shares with the one before, the others, and how many documents hold it.
func (s *Segment) Terms(n int) []Bucket {
	buckets := make([]Bucket, 2*n)
	last := make([]string, 2*n)
	for _, term := range slices.Sorted(maps.Keys(s.lists)) {
		beginning, _ := BeginningNumber(term, n)
		for _, number := range []int{beginning, EndNumber(term, n)} {
			b, before := &buckets[number-2*n], &last[number-2*n]
			b.Number = number
			shared := 0
			for shared < min(len(*before), len(term)) && (*before)[shared] == term[shared] {
				shared++
			}
			b.Data = appendBytes(appendNumber(b.Data, shared), term[shared:])
			b.Data = appendNumber(b.Data, len(s.lists[term].Docs))
			*before = term
		}
	}
	return slices.DeleteFunc(buckets, func(b Bucket) bool { return b.Data == nil })
}

// ReadTerms calls yield for every term of a bucket. The term is valid during the call only.
func ReadTerms(bucket []byte, yield func(term []byte, documents int)) error {
	r := reader{data: bucket}
	var term []byte
	for r.more() {
		shared, rest, n := r.number(), r.bytes(), r.number()
		if r.corrupt || shared > len(term) {
			return ErrCorrupt
		}
		term = append(term[:shared], rest...)
		yield(term, n)
	}
	return r.err()
}
