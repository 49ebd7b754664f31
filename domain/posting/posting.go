// Package posting holds the byte formats of the search index: the terms of a document, the postings of a segment of
// documents, its dictionary, and the ends of its documents. Package projections/search writes them, package
// queries/recall/index reads them.
//
// A document is the searchable text of one version of a memory. The documents of a scope have numbers, 0, 1, 2, … in the
// order of the log. A posting says how often a term stands in a document and how long that document is. A segment holds the
// postings of a run of documents. Its terms are spread over buckets by their hash, so that a search reads the rows of its
// words only. Nothing of a segment changes but its ends, which are appended.
//
// All numbers are unsigned varints as in encoding/binary, except where a width is named. Every reader returns an error that
// wraps ErrCorrupt for bytes that no writer made, and allocates no more than their length allows.
package posting

import (
	"encoding/binary"
	"errors"
)

// ErrCorrupt says that bytes are not in the format that is read.
var ErrCorrupt = errors.New("corrupt search index")

// maxCount is the largest number of occurrences that is stored. BM25 hardly tells more of them apart.
const maxCount = 15

// Counts is how often a term stands in a document: in its content, and elsewhere with the weight of the place. Either is
// at most 15.
type Counts byte

// NewCounts caps both numbers at 15.
func NewCounts(content, other int) Counts {
	return Counts(min(content, maxCount)<<4 | min(other, maxCount))
}

// Content is how often the term stands in the content.
func (c Counts) Content() int { return int(c >> 4) }

// Other is the weight of the term in type, metadata and dates.
func (c Counts) Other() int { return int(c & maxCount) }

// reader reads numbers and bytes, until data ends or is corrupt.
type reader struct {
	data    []byte
	corrupt bool
}

func (r *reader) more() bool { return len(r.data) > 0 && !r.corrupt }

// number reads a number that fits 32 bits.
func (r *reader) number() int {
	if len(r.data) > 0 && r.data[0] < 0x80 { // most have one byte
		n := r.data[0]
		r.data = r.data[1:]
		return int(n)
	}
	return int(r.bounded(1<<32 - 1))
}

func (r *reader) bounded(limit uint64) uint64 {
	n, size := binary.Uvarint(r.data)
	if size <= 0 || n > limit {
		r.fail()
		return 0
	}
	r.data = r.data[size:]
	return n
}

// bytes reads a part that is as long as the number before it says.
func (r *reader) bytes() []byte { return r.take(r.number()) }

func (r *reader) take(n int) []byte {
	if n > len(r.data) {
		r.fail()
		return nil
	}
	taken := r.data[:n:n]
	r.data = r.data[n:]
	return taken
}

func (r *reader) fail() { r.data, r.corrupt = nil, true }

func (r *reader) err() error {
	if r.corrupt {
		return ErrCorrupt
	}
	return nil
}

func appendNumber[N int | int64 | uint32](dst []byte, n N) []byte {
	return binary.AppendUvarint(dst, uint64(n))
}

func appendBytes[T string | []byte](dst []byte, part T) []byte {
	return append(appendNumber(dst, len(part)), part...)
}
