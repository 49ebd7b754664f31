package encoder

import (
	"math"
	"sync"
)

// matrix is a view of numbers by rows; each row begins stride numbers after the one before.
type matrix struct {
	numbers      []float32
	rows, stride int
}

func (m matrix) row(i, width int) []float32 { return m.numbers[i*m.stride:][:width:width] }

// multiply sets y to x·wᵀ for rows of the given width: y[i][j] = Σ x[i][k]·w[j][k].
//
// Three rows of w stay in the first cache while all rows of x pass by, two at a time: six sums for five loads. On amd64 that is
// 6 multiplications and additions a nanosecond; two by four are 2.5, since the compiler runs out of registers.
func multiply(y, x, w matrix, width int) {
	j := 0
	for ; j+3 <= w.rows; j += 3 {
		w0, w1, w2 := w.row(j, width), w.row(j+1, width), w.row(j+2, width)
		i := 0
		for ; i+2 <= x.rows; i += 2 {
			dot2x3(y.row(i, j+3)[j:], y.row(i+1, j+3)[j:], x.row(i, width), x.row(i+1, width), w0, w1, w2)
		}
		if i < x.rows {
			last := y.row(i, j+3)[j:]
			dot2x3(last, last, x.row(i, width), x.row(i, width), w0, w1, w2)
		}
	}
	for ; j < w.rows; j++ {
		for i := range x.rows {
			y.numbers[i*y.stride+j] = dot(x.row(i, width), w.row(j, width))
		}
	}
}

// scalar2x3 sets three numbers of two rows: y0[j] = Σ x0[k]·wj[k].
func scalar2x3(y0, y1, x0, x1, w0, w1, w2 []float32) {
	x1, w0, w1, w2 = x1[:len(x0)], w0[:len(x0)], w1[:len(x0)], w2[:len(x0)]
	var s00, s01, s02, s10, s11, s12 float32
	for k, a := range x0 {
		b := x1[k]
		w := w0[k]
		s00 += a * w
		s10 += b * w
		w = w1[k]
		s01 += a * w
		s11 += b * w
		w = w2[k]
		s02 += a * w
		s12 += b * w
	}
	y0[0], y0[1], y0[2] = s00, s01, s02
	y1[0], y1[1], y1[2] = s10, s11, s12
}

func dot(x, y []float32) float32 {
	y = y[:len(x)]
	var sum float32
	for k, a := range x {
		sum += a * y[k]
	}
	return sum
}

// apply sets y to the layer's output for x.
func (l linear) apply(y, x matrix) {
	out, in := len(l.bias), len(l.weight)/len(l.bias)
	multiply(y, x, matrix{l.weight, out, in}, in)
	for i := range x.rows {
		add(y.row(i, out), l.bias)
	}
}

// add adds y to x.
func add(x, y []float32) {
	y = y[:len(x)]
	for i := range x {
		x[i] += y[i]
	}
}

// apply normalizes each row to mean 0 and variance 1, then scales and shifts it.
func (n layerNorm) apply(x matrix, epsilon float64) {
	width := len(n.weight)
	for i := range x.rows {
		row := x.row(i, width)
		var sum, squares float64
		for _, v := range row {
			sum += float64(v)
		}
		mean := sum / float64(width)
		for _, v := range row {
			d := float64(v) - mean
			squares += d * d
		}
		scale := 1 / math.Sqrt(squares/float64(width)+epsilon)
		for k, v := range row {
			row[k] = float32((float64(v)-mean)*scale)*n.weight[k] + n.bias[k]
		}
	}
}

// softmax makes a row of scores, each times scale, into shares of 1.
func softmax(row []float32, scale float32) {
	most := row[0]
	for _, v := range row {
		most = max(most, v)
	}
	var sum float32
	for i, v := range row {
		e := float32(math.Exp(float64((v - most) * scale)))
		row[i] = e
		sum += e
	}
	for i := range row {
		row[i] /= sum
	}
}

const (
	// geluEnd is from where on GELU is 0 below and the identity above, as exactly as float32 tells.
	geluEnd = 6
	// geluSteps to 1: so many that a straight line between two is off by 1e-7 at most.
	geluSteps = 1024
)

// geluTable holds x·Φ(x) for the multiples of 1/geluSteps. It is 8 times as fast as math.Erf.
var geluTable = sync.OnceValue(func() []float32 {
	table := make([]float32, 2*geluEnd*geluSteps+2)
	for i := range table {
		x := float64(i)/geluSteps - geluEnd
		table[i] = float32(x * 0.5 * math.Erfc(-x/math.Sqrt2))
	}
	return table
})

// gelu applies the Gaussian error linear unit to each number.
func gelu(row []float32) {
	table := geluTable()
	for i, x := range row {
		switch {
		case x <= -geluEnd:
			row[i] = 0
		case x < geluEnd: // not so what overflowed
			at := (x + geluEnd) * geluSteps
			k := int(at)
			low, high := table[k], table[k+1]
			row[i] = low + (high-low)*(at-float32(k))
		}
	}
}
