package encoder

import "golang.org/x/sys/cpu"

// vectors tells that the processor multiplies and adds eight numbers at once.
var vectors = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// dot4x3 sets y[i][j] to the product of row i of x and row j of w, j below 3, for rows of n numbers, a positive multiple of 8.
//
//go:noescape
func dot4x3(y *[4][4]float32, x0, x1, x2, x3, w0, w1, w2 *float32, n int)

// dotEights sets the products of the first numbers of each row, a multiple of eight, and returns how many those are.
func dotEights(y *[4][4]float32, x *[4][]float32, w *[3][]float32) int {
	n := len(w[0]) &^ 7
	if !vectors || n == 0 {
		return 0
	}
	dot4x3(y, &x[0][:n][0], &x[1][:n][0], &x[2][:n][0], &x[3][:n][0], &w[0][:n][0], &w[1][:n][0], &w[2][:n][0], n)
	return n
}
