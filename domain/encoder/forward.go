package encoder

import "math"

// batchTokens is how many tokens of short texts go through the layers together: enough to use each weight often once it is in
// the cache, few enough for their numbers to stay in it.
const batchTokens = 64

// scratch holds the numbers of one batch; its slices grow as needed.
type scratch struct {
	tokens []int32
	ends   []int // in tokens, of each text

	state, projected, attended, inner []float32
	scores, values                    []float32
}

// sized returns a slice of a length, the given one where it is long enough.
func sized(s *[]float32, length int) []float32 {
	if cap(*s) < length {
		*s = make([]float32, length)
	}
	return (*s)[:length]
}

// forward returns the vectors of the texts of a batch and empties it. The texts' tokens are rows of the same matrices; only the
// attention looks at each text for itself.
func (e *Encoder) forward(s *scratch) [][]float32 {
	c, rows := e.config, len(s.tokens)
	if rows == 0 {
		return nil
	}
	state := matrix{sized(&s.state, rows*c.Hidden), rows, c.Hidden}
	projected := matrix{sized(&s.projected, rows*3*c.Hidden), rows, 3 * c.Hidden}
	attended := matrix{sized(&s.attended, rows*c.Hidden), rows, c.Hidden}
	inner := matrix{sized(&s.inner, rows*c.Intermediate), rows, c.Intermediate}

	e.embed(state, s)
	for i := range e.weights.layers {
		l := &e.weights.layers[i]
		l.queriesKeysValues.apply(projected, state)
		begin := 0
		for _, end := range s.ends {
			e.attend(s, begin, end, projected, attended)
			begin = end
		}
		// The projection is used up: its memory takes what the sub-layers give.
		given := matrix{projected.numbers, rows, c.Hidden}
		l.attended.apply(given, attended)
		add(state.numbers, given.numbers)
		l.attendedNorm.apply(state, c.Epsilon)

		l.inner.apply(inner, state)
		gelu(inner.numbers)
		l.outer.apply(given, inner)
		add(state.numbers, given.numbers)
		l.outerNorm.apply(state, c.Epsilon)
	}

	vectors, begin := make([][]float32, len(s.ends)), 0
	for i, end := range s.ends {
		vectors[i] = mean(state, begin, end)
		begin = end
	}
	s.tokens, s.ends = s.tokens[:0], s.ends[:0]
	return vectors
}

// embed sets the state to the embeddings of the tokens and their positions.
func (e *Encoder) embed(state matrix, s *scratch) {
	hidden, begin := e.config.Hidden, 0
	for _, end := range s.ends {
		for i := begin; i < end; i++ {
			row := state.row(i, hidden)
			copy(row, e.weights.words[int(s.tokens[i])*hidden:])
			add(row, e.weights.types)
			add(row, e.weights.positions[(i-begin)*hidden:])
		}
		begin = end
	}
	e.weights.norm.apply(state, e.config.Epsilon)
}

// attend lets the tokens of one text look at each other: each gets the mean of their values, weighted by how well its query fits
// their keys, head by head.
func (e *Encoder) attend(s *scratch, begin, end int, projected, attended matrix) {
	hidden, n := e.config.Hidden, end-begin
	width := hidden / e.config.Heads
	scale := float32(1 / math.Sqrt(float64(width)))
	scores := matrix{sized(&s.scores, n*n), n, n}
	values := matrix{sized(&s.values, width*n), width, n} // a column of the values a row
	at := func(m matrix, column int) matrix {
		return matrix{m.numbers[begin*m.stride+column:], n, m.stride}
	}
	for head := range e.config.Heads {
		column := head * width
		multiply(scores, at(projected, column), at(projected, hidden+column), width)
		for i := range n {
			softmax(scores.row(i, n), scale)
			for k, v := range at(projected, 2*hidden+column).row(i, width) {
				values.numbers[k*n+i] = v
			}
		}
		multiply(at(attended, column), scores, values, n)
	}
}

// mean returns the mean of some rows, scaled to length 1; zeros if it has none because the weights let numbers overflow.
func mean(state matrix, begin, end int) []float32 {
	sums := make([]float64, state.stride)
	for i := begin; i < end; i++ {
		for k, v := range state.row(i, state.stride) {
			sums[k] += float64(v)
		}
	}
	var squares float64
	for _, v := range sums {
		squares += v * v
	}
	vector, length := make([]float32, len(sums)), math.Sqrt(squares)
	if !(length > 0 && length <= math.MaxFloat64) {
		return vector
	}
	for k, v := range sums {
		vector[k] = float32(v / length)
	}
	return vector
}
