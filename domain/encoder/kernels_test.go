package encoder

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProductsAreThoseOfTheDefinition(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	newMatrix := func(rows, width int) matrix {
		m := matrix{make([]float32, rows*(width+3)), rows, width + 3}
		for i := range m.numbers {
			m.numbers[i] = random.Float32() - 0.5
		}
		return m
	}
	product := func(a, b []float32) float64 {
		var sum float64
		for k := range a {
			sum += float64(a[k]) * float64(b[k])
		}
		return sum
	}
	for width := 1; width <= 41; width++ {
		for rows := 1; rows <= 9; rows++ {
			x, w := newMatrix(rows, width), newMatrix(1+random.IntN(8), width)
			y := newMatrix(rows, w.rows)
			beside := y.row(rows-1, w.rows+1)[w.rows]
			multiply(y, x, w, width)
			for i := range rows {
				for j := range w.rows {
					require.InDelta(t, product(x.row(i, width), w.row(j, width)), y.row(i, w.rows)[j], 1e-5, "width %d", width)
				}
			}
			require.Equal(t, beside, y.row(rows-1, w.rows+1)[w.rows], "nothing else is touched")
		}

		// What processors without the instructions do.
		xs, ws := newMatrix(4, width), newMatrix(3, width)
		var x [4][]float32
		var w [3][]float32
		for i := range x {
			x[i] = xs.row(i, width)
		}
		for j := range w {
			w[j] = ws.row(j, width)
		}
		var sums [4][4]float32
		dotPlain(&sums, 0, 0, &x, &w)
		dotPlain(&sums, 2, 0, &x, &w)
		for i := range x {
			for j := range w {
				require.InDelta(t, product(x[i], w[j]), sums[i][j], 1e-5)
			}
		}
	}
}
