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
	kernel("affineRows", "(scale, shift, gamma, beta *float32, n int, rstd, rest *float64)",
		"writes gamma*rstd and beta - rest*gamma*rstd, computed in float64.")
	scale, shift, gamma, beta, n := pointer("scale"), pointer("shift"), pointer("gamma"), pointer("beta"), pointer("n")
	rstd, rest := pointer("rstd"), pointer("rest")
	rows, one, done := label("rows"), label("one"), label("done")
	affine := func(r, left, g, b VecVirtual) (scale, shift VecVirtual) {
		VMULPD(g, left, left)
		VMULPD(r, left, left)
		VMULPD(r, g, g)
		VSUBPD(left, b, b)
		return g, b
	}
	Label(rows) // four at a time
	CMPQ(n, U8(4))
	JL(LabelRef(one))
	wide := func(p Register) VecVirtual {
		v := YMM()
		VCVTPS2PD(Mem{Base: p}, v)
		return v
	}
	double := func(p Register) VecVirtual {
		v := YMM()
		VMOVUPD(Mem{Base: p}, v)
		return v
	}
	a, b := affine(double(rstd), double(rest), wide(gamma), wide(beta))
	for _, out := range []struct {
		v  VecVirtual
		to Register
	}{{a, scale}, {b, shift}} {
		v := XMM()
		VCVTPD2PSY(out.v, v)
		VMOVUPS(v, Mem{Base: out.to})
	}
	advance([]Register{scale, shift, gamma, beta}, 16)
	advance([]Register{rstd, rest}, 32)
	SUBQ(U8(4), n)
	JMP(LabelRef(rows))
	Label(one)
	TESTQ(n, n)
	JZ(LabelRef(done))
	x, y, r, left := XMM(), XMM(), XMM(), XMM()
	VXORPD(x, x, x)
	VXORPD(y, y, y)
	VCVTSS2SD(Mem{Base: gamma}, x, x)
	VCVTSS2SD(Mem{Base: beta}, y, y)
	VMOVSD(Mem{Base: rstd}, r)
	VMOVSD(Mem{Base: rest}, left)
	VMULSD(x, left, left)
	VMULSD(r, left, left)
	VMULSD(r, x, x)
	VSUBSD(left, y, y)
	VCVTSD2SS(x, x, x)
	VCVTSD2SS(y, y, y)
	VMOVSS(x, Mem{Base: scale})
	VMOVSS(y, Mem{Base: shift})
	advance([]Register{scale, shift, gamma, beta}, 4)
	advance([]Register{rstd, rest}, 8)
	DECQ(n)
	JMP(LabelRef(one))
	Label(done)
	finish()
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
