package vector

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Set holds vectors in the form that is searched, numbered from 0 on. Its zero value with Dimensions is empty. A copy of a Set stays
// as it is while vectors are added to the original.
type Set struct {
	// Dimensions is the length of each vector.
	Dimensions int

	signs  []uint64
	scales []float32
	values []int8
}

// Len is how many vectors there are.
func (s *Set) Len() int { return len(s.scales) }

// Bytes is how much memory the vectors take.
func (s *Set) Bytes() int { return 8*cap(s.signs) + 4*cap(s.scales) + cap(s.values) }

// Add adds a vector. The error tells that its code is none of a vector of these dimensions.
func (s *Set) Add(code Code) error {
	if len(code) != Size(s.Dimensions) {
		return fmt.Errorf("the code of %d dimensions must be %d bytes, got %d", s.Dimensions, Size(s.Dimensions), len(code))
	}
	end := 8 * words(s.Dimensions)
	scale := math.Float32frombits(binary.LittleEndian.Uint32(code[end:]))
	if !(scale > 0 && scale <= 1) {
		return fmt.Errorf("the scale of a code must be above 0 and at most 1, got %v", scale)
	}
	if last := binary.LittleEndian.Uint64(code[end-8:]); s.Dimensions%64 > 0 && last>>(s.Dimensions%64) != 0 {
		return fmt.Errorf("the code of %d dimensions must have no signs beyond them", s.Dimensions)
	}
	for at := 0; at < end; at += 8 {
		s.signs = append(s.signs, binary.LittleEndian.Uint64(code[at:]))
	}
	s.scales = append(s.scales, scale)
	for _, b := range code[end+4:] {
		s.values = append(s.values, int8(b)) //nolint:gosec // a signed byte
	}
	return nil
}

// Question is a vector that others are compared with.
type Question struct {
	numbers []float32
	signs   []uint64
}

// NewQuestion makes a question of a vector. The error is that of Encode.
func NewQuestion(vector []float32, dimensions int) (*Question, error) {
	scaled, err := Unit(vector, dimensions)
	if err != nil {
		return nil, err
	}
	return &Question{scaled, signs(scaled)}, nil
}

// Cosine is the cosine of the question and a vector of a set, from -1 to 1.
func (q *Question) Cosine(s *Set, number int) float64 {
	values := s.values[number*s.Dimensions:][:s.Dimensions]
	numbers := q.numbers[:len(values)]
	var a, b, c, d float32 // four sums, so that additions need not wait for each other
	i := 0
	for ; i+4 <= len(values); i += 4 {
		a += numbers[i] * float32(values[i])
		b += numbers[i+1] * float32(values[i+1])
		c += numbers[i+2] * float32(values[i+2])
		d += numbers[i+3] * float32(values[i+3])
	}
	for ; i < len(values); i++ {
		a += numbers[i] * float32(values[i])
	}
	return min(1, max(-1, float64((a+b+c+d)*s.scales[number])))
}
