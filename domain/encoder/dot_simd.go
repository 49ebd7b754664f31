//go:build goexperiment.simd && amd64

package encoder

import "simd/archsimd"

// vectors tells that the processor multiplies and adds eight numbers at once.
var vectors = archsimd.X86.AVX2() && archsimd.X86.FMA()

// dot2x3 sets three numbers of two rows, by eight products at a time: 3 to 4 times as fast as one by one.
func dot2x3(y0, y1, x0, x1, w0, w1, w2 []float32) {
	if !vectors || len(x0)%8 != 0 {
		scalar2x3(y0, y1, x0, x1, w0, w1, w2)
		return
	}
	x1, w0, w1, w2 = x1[:len(x0)], w0[:len(x0)], w1[:len(x0)], w2[:len(x0)]
	var s00, s01, s02, s10, s11, s12 archsimd.Float32x8
	for k := 0; k < len(x0); k += 8 {
		a, b := archsimd.LoadFloat32x8Slice(x0[k:]), archsimd.LoadFloat32x8Slice(x1[k:])
		w := archsimd.LoadFloat32x8Slice(w0[k:])
		s00, s10 = a.MulAdd(w, s00), b.MulAdd(w, s10)
		w = archsimd.LoadFloat32x8Slice(w1[k:])
		s01, s11 = a.MulAdd(w, s01), b.MulAdd(w, s11)
		w = archsimd.LoadFloat32x8Slice(w2[k:])
		s02, s12 = a.MulAdd(w, s02), b.MulAdd(w, s12)
	}
	var a, b [4]float32
	sums(s00, s01, s02).Store(&a)
	sums(s10, s11, s12).Store(&b)
	archsimd.ClearAVXUpperBits() // else each scalar instruction that follows is slow
	copy(y0, a[:3])
	copy(y1, b[:3])
}

// sums returns the sum of each vector's eight numbers.
func sums(x, y, z archsimd.Float32x8) archsimd.Float32x4 {
	x4, y4, z4 := x.GetLo().Add(x.GetHi()), y.GetLo().Add(y.GetHi()), z.GetLo().Add(z.GetHi())
	return x4.AddPairs(y4).AddPairs(z4.AddPairs(z4))
}
