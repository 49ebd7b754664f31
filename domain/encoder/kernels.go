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
// Three rows of w stay in the first cache while all rows of x pass by, four at a time: twelve sums for seven loads are what the
// registers of amd64 hold. At the edges the last row stands for those that are missing.
func multiply(y, x, w matrix, width int) {
	var sums [4][4]float32
	for j := 0; j < w.rows; j += 3 {
		var ws [3][]float32
		for k := range ws {
			ws[k] = w.row(min(j+k, w.rows-1), width)
		}
		columns := min(3, w.rows-j)
		for i := 0; i < x.rows; i += 4 {
			var xs [4][]float32
			for k := range xs {
				xs[k] = x.row(min(i+k, x.rows-1), width)
			}
			rows := min(4, x.rows-i)
			done := dotEights(&sums, &xs, &ws)
			for r := 0; done < width && r < rows; r += 2 {
				dotPlain(&sums, r, done, &xs, &ws)
			}
			for r := range rows {
				copy(y.numbers[(i+r)*y.stride+j:], sums[r][:columns])
			}
		}
	}
}

// dotPlain adds, for two rows of x, the products of the numbers from one on, six sums for five loads.
func dotPlain(y *[4][4]float32, row, from int, x *[4][]float32, w *[3][]float32) {
	x0 := x[row][from:]
	x1, w0, w1, w2 := x[row+1][from:][:len(x0)], w[0][from:][:len(x0)], w[1][from:][:len(x0)], w[2][from:][:len(x0)]
	if from == 0 {
		y[row], y[row+1] = [4]float32{}, [4]float32{}
	}
	s00, s01, s02 := y[row][0], y[row][1], y[row][2]
	s10, s11, s12 := y[row+1][0], y[row+1][1], y[row+1][2]
	for k, a := range x0 {
		b := x1[k]
		v := w0[k]
		s00 += a * v
		s10 += b * v
		v = w1[k]
		s01 += a * v
		s11 += b * v
		v = w2[k]
		s02 += a * v
		s12 += b * v
	}
	y[row], y[row+1] = [4]float32{s00, s01, s02}, [4]float32{s10, s11, s12}
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
