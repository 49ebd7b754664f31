#include "textflag.h"

// ROW adds eight products of a row of x with each row of w.
#define ROW(x, s0, s1, s2) \
	VMOVUPS     (x)(CX*4), Y15 \
	VFMADD231PS Y12, Y15, s0   \
	VFMADD231PS Y13, Y15, s1   \
	VFMADD231PS Y14, Y15, s2

// SUMS stores the sums of each of three vectors.
#define SUMS(s0, s1, s2, low, at) \
	VHADDPS      s1, s0, s0   \
	VHADDPS      s2, s2, s2   \
	VHADDPS      s2, s0, s0   \
	VEXTRACTF128 $1, s0, X15  \
	VADDPS       X15, low, low \
	VMOVUPS      low, at(DI)

// func dot4x3(y *[4][4]float32, x0, x1, x2, x3, w0, w1, w2 *float32, n int)
TEXT ·dot4x3(SB), NOSPLIT, $0-72
	MOVQ   y+0(FP), DI
	MOVQ   x0+8(FP), R8
	MOVQ   x1+16(FP), R9
	MOVQ   x2+24(FP), R10
	MOVQ   x3+32(FP), R11
	MOVQ   w0+40(FP), AX
	MOVQ   w1+48(FP), BX
	MOVQ   w2+56(FP), DX
	MOVQ   n+64(FP), SI
	XORQ   CX, CX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8
	VXORPS Y9, Y9, Y9
	VXORPS Y10, Y10, Y10
	VXORPS Y11, Y11, Y11

loop:
	VMOVUPS (AX)(CX*4), Y12
	VMOVUPS (BX)(CX*4), Y13
	VMOVUPS (DX)(CX*4), Y14
	ROW(R8, Y0, Y1, Y2)
	ROW(R9, Y3, Y4, Y5)
	ROW(R10, Y6, Y7, Y8)
	ROW(R11, Y9, Y10, Y11)
	ADDQ $8, CX
	CMPQ CX, SI
	JLT  loop

	SUMS(Y0, Y1, Y2, X0, 0)
	SUMS(Y3, Y4, Y5, X3, 16)
	SUMS(Y6, Y7, Y8, X6, 32)
	SUMS(Y9, Y10, Y11, X9, 48)
	VZEROUPPER
	RET
