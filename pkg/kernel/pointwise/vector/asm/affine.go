package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// affine has what a normalisation does for every row rather than for every pixel.
func affine() {
	affineRows()
	addPairs()
}

func affineRows() {
	kernel("affineRows", "(scale, shift, gamma, beta *float32, n int, rstd, rest float64)",
		"writes gamma*rstd and beta - rest*gamma*rstd, computed in float64.")
	scale, shift, gamma, beta, n := pointer("scale"), pointer("shift"), pointer("gamma"), pointer("beta"), pointer("n")
	rstd, rest := broadcastDouble("rstd"), broadcastDouble("rest")
	span(n, 1, []Register{scale, shift, gamma, beta}, func(s part) {
		var a, b [2]VecVirtual
		g, offset := s.wide(gamma), s.wide(beta)
		for i := range g {
			left := YMM()
			VMULPD(g[i], rest, left)
			VMULPD(rstd, left, left)
			VMULPD(rstd, g[i], g[i])
			VSUBPD(left, offset[i], offset[i])
			a[i], b[i] = g[i], offset[i]
		}
		s.store(narrow(a), scale)
		s.store(narrow(b), shift)
	})
	finish()
}

// narrow rounds two vectors of four float64 to one of float32.
func narrow(v [2]VecVirtual) VecVirtual {
	low, high := YMM(), XMM()
	VCVTPD2PSY(v[0], low.AsX())
	VCVTPD2PSY(v[1], high)
	VINSERTF128(U8(1), high, low, low)
	return low
}

func addPairs() {
	kernel("addPairs", "(total, sums *float64, pairs int, factor float64)",
		"adds pairs of sums, the second of each times factor; pairs is at least 1.")
	total, sums, n := pointer("total"), pointer("sums"), pointer("pairs")
	one, factor := GP64(), XMM()
	MOVQ(U64(0x3ff0000000000000), one)
	MOVQ(one, factor)
	VMOVHPD(argument("factor"), factor, factor)
	pair := label("pair")
	Label(pair)
	v := XMM()
	VMULPD(Mem{Base: sums}, factor, v)
	VADDPD(Mem{Base: total}, v, v)
	VMOVUPD(v, Mem{Base: total})
	ADDQ(U8(16), sums)
	ADDQ(U8(16), total)
	DECQ(n)
	JNZ(LabelRef(pair))
	finish()
}
