//go:build !(goexperiment.simd && amd64)

package encoder

// dot2x3 sets three numbers of two rows.
func dot2x3(y0, y1, x0, x1, w0, w1, w2 []float32) { scalar2x3(y0, y1, x0, x1, w0, w1, w2) }
