// Package vector keeps vectors of length 1 in few bytes and finds those nearest to a question.
//
// A vector is stored as the signs of its numbers, which take a bit each, and as its numbers in a byte each. A search compares the
// signs of all vectors, and the numbers of those that come nearest by their signs: 100,000 vectors of 384 dimensions, of which 400 are
// compared by their numbers, take 1.5 ms (go test -bench Scan), and the test finds 99 % of the 10 nearest among made-up vectors.
package vector

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Code is a stored vector: a bit for each dimension, in words of 64 with the lowest bit first, set where the number is negative;
// then a float32, the scale; then a signed byte for each dimension, the number divided by the scale. All is little endian.
type Code []byte

// largest is the largest absolute value of the byte of a number.
const largest = 127

// Size is how many bytes the code of a vector takes.
func Size(dimensions int) int { return 8*words(dimensions) + 4 + dimensions }

// words is how many words the signs take.
func words(dimensions int) int { return (dimensions + 63) / 64 }

// Encode returns the code of a vector, scaled to length 1. The error tells that the vector has other dimensions, a number that is not
// finite, or no direction.
func Encode(vector []float32, dimensions int) (Code, error) {
	scaled, err := Unit(vector, dimensions)
	if err != nil {
		return nil, err
	}
	most := float32(0)
	for _, v := range scaled {
		most = max(most, v, -v)
	}
	scale := most / largest
	code := make(Code, 0, Size(dimensions))
	for _, word := range signs(scaled) {
		code = binary.LittleEndian.AppendUint64(code, word)
	}
	code = binary.LittleEndian.AppendUint32(code, math.Float32bits(scale))
	for _, v := range scaled {
		code = append(code, byte(int8(math.RoundToEven(float64(v/scale)))))
	}
	return code, nil
}

// Unit returns a vector of length 1 in the same direction; the error is that of Encode.
func Unit(vector []float32, dimensions int) ([]float32, error) {
	if len(vector) != dimensions {
		return nil, fmt.Errorf("the vector must have %d dimensions, got %d", dimensions, len(vector))
	}
	squares := 0.0
	for i, v := range vector {
		f := float64(v)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, fmt.Errorf("the vector must have finite numbers, got %v in place %d", v, i)
		}
		squares += f * f
	}
	if squares == 0 {
		return nil, errors.New("the vector must have a number that is not 0")
	}
	length := math.Sqrt(squares)
	scaled := make([]float32, len(vector))
	for i, v := range vector {
		scaled[i] = float32(float64(v) / length)
	}
	return scaled, nil
}

// signs returns the signs of numbers.
func signs(vector []float32) []uint64 {
	all := make([]uint64, words(len(vector)))
	for i, v := range vector {
		if v < 0 {
			all[i/64] |= 1 << (i % 64)
		}
	}
	return all
}
