package embedding

import (
	"encoding/json"
	"errors"
	"strconv"

	"github.com/auren-memory/auren/domain/vector"
)

const (
	// maxDimensions bounds the length of a vector.
	maxDimensions = 8192
	// maxDigits is how many bytes a number of an answer takes at most, comma and spaces included.
	maxDigits = 32
)

// number is a number as JSON writes it: neither null nor NaN nor one that is too large.
type number float32

// UnmarshalJSON reads the number.
func (n *number) UnmarshalJSON(text []byte) error {
	v, err := strconv.ParseFloat(string(text), 32)
	if err != nil {
		return errors.New("a number must be finite")
	}
	*n = number(v)
	return nil
}

// vectors reads an answer and checks that it has a vector for each of the texts, all of the dimensions of the vectors before.
func (e *Endpoint) vectors(answer []byte, texts int) ([][]float32, error) {
	var read struct {
		Data []struct {
			Index     *int     `json:"index"`
			Embedding []number `json:"embedding"`
		} `json:"data"`
	}
	if err := json.Unmarshal(answer, &read); err != nil {
		return nil, e.failf(wrong, "the answer is no list of embeddings")
	}
	if len(read.Data) != texts {
		return nil, e.failf(wrong, "the answer has %d embeddings for %d texts", len(read.Data), texts)
	}
	vectors := make([][]float32, texts)
	dimensions := len(read.Data[0].Embedding)
	for i, each := range read.Data {
		if each.Index != nil {
			i = *each.Index
		}
		if i < 0 || i >= texts || vectors[i] != nil {
			return nil, e.failf(wrong, "the answer has not exactly one embedding for each text")
		}
		if n := len(each.Embedding); n != dimensions || n == 0 || n > maxDimensions {
			return nil, e.failf(wrong, "all embeddings must have the same dimensions, 1 to %d, got %d and %d", maxDimensions, dimensions, n)
		}
		numbers := make([]float32, dimensions)
		for k, v := range each.Embedding {
			numbers[k] = float32(v)
		}
		scaled, err := vector.Unit(numbers, dimensions)
		if err != nil { // its numbers are finite, and as many
			return nil, e.failf(wrong, "an embedding has length 0")
		}
		vectors[i] = scaled
	}
	return vectors, e.keepTo(dimensions)
}

// keepTo refuses vectors of other dimensions than before: another model has taken the place of the first.
func (e *Endpoint) keepTo(dimensions int) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.dimensions == 0 {
		e.dimensions = dimensions
	}
	if e.dimensions != dimensions {
		return e.failf(misconfigured, "the embeddings had %d dimensions before and have %d now: if the model was exchanged on purpose, restart this program",
			e.dimensions, dimensions)
	}
	return nil
}
