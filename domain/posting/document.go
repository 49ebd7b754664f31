package posting

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/auren-memory/auren/domain/lexicon"
)

// Document is the terms of one document: their number, their hashes in ascending order with 4 bytes each, little-endian, then
// the Counts of each, then each spelled out. The hashes in front let a search test a document for its words without reading
// the texts.
type Document []byte

// NewDocument encodes the terms of a document.
func NewDocument(terms []lexicon.Term) Document {
	size := binary.MaxVarintLen32
	for _, t := range terms {
		size += 4 + 1 + 2 + len(t.Text)
	}
	d := appendNumber(make([]byte, 0, size), len(terms))
	for _, t := range terms {
		d = binary.LittleEndian.AppendUint32(d, t.Hash)
	}
	for _, t := range terms {
		d = append(d, byte(NewCounts(t.Content, t.Other)))
	}
	for _, t := range terms {
		d = appendBytes(d, t.Text)
	}
	return d
}

func (d Document) parts() (hashes, counts []byte, texts reader, err error) {
	r := reader{data: d}
	n := r.number()
	hashes, counts = r.take(4*n), r.take(n)
	return hashes, counts, r, r.err()
}

// Each calls yield for every term in ascending order of hashes. The text is valid during the call only.
func (d Document) Each(yield func(hash uint32, text []byte, counts Counts)) error {
	hashes, counts, texts, err := d.parts()
	if err != nil {
		return err
	}
	for i, c := range counts {
		text := texts.bytes()
		if texts.corrupt {
			return ErrCorrupt
		}
		yield(binary.LittleEndian.Uint32(hashes[4*i:]), text, Counts(c))
	}
	return nil
}

// Find looks up sought terms, whose hashes ascend, and calls yield for each that the document holds.
func (d Document) Find(sought []Sought, yield func(i int, counts Counts)) error {
	hashes, counts, texts, err := d.parts()
	if err != nil {
		return err
	}
	read, text := 0, []byte(nil) // the last of so many texts
	at := 0
	for i, s := range sought {
		for at < len(counts) && binary.LittleEndian.Uint32(hashes[4*at:]) < s.Hash {
			at++
		}
		// Terms may share a hash: then their texts ascend, here and there.
		for ; at < len(counts) && binary.LittleEndian.Uint32(hashes[4*at:]) == s.Hash; at++ {
			for ; read <= at; read++ {
				text = texts.bytes()
			}
			if texts.corrupt {
				return ErrCorrupt
			}
			order := cmp.Compare(string(text), s.Text)
			if order == 0 {
				yield(i, Counts(counts[at]))
			}
			if order >= 0 {
				break
			}
		}
	}
	return nil
}

// Sought is a term to look for.
type Sought struct {
	Text string
	Hash uint32
}

// Seek returns the terms in the order of their hashes, as Find needs them.
func Seek(terms []string) []Sought {
	sought := make([]Sought, len(terms))
	for i, t := range terms {
		sought[i] = Sought{t, lexicon.Hash(t)}
	}
	slices.SortFunc(sought, func(a, b Sought) int {
		return cmp.Or(cmp.Compare(a.Hash, b.Hash), cmp.Compare(a.Text, b.Text))
	})
	return sought
}
