package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	"multiscale/pkg/kernel/pointwise/vector/poly"
)

// spread returns a 64-bit constant in every lane.
func spread(x uint64) VecVirtual {
	g, v := GP64(), YMM()
	MOVQ(U64(x), g)
	VMOVQ(g, v.AsX())
	VPBROADCASTQ(v.AsX(), v)
	return v
}

// factor is a constant by which 64-bit lanes are multiplied. AVX2 multiplies only
// 32-bit numbers, so the product is composed of three of these.
type factor struct{ low, high VecVirtual }

func newFactor(x uint64) factor { return factor{spread(x & 0xffffffff), spread(x >> 32)} }

// times returns the low 64 bits of the product with a.
func (f factor) times(a VecVirtual) VecVirtual {
	upper := shifted(a, 32)
	VPMULUDQ(f.low, upper, upper)
	cross := binary(VPMULUDQ, f.high, a)
	VPADDQ(cross, upper, upper)
	VPSLLQ(U8(32), upper, upper)
	return binary(VPADDQ, upper, binary(VPMULUDQ, f.low, a))
}

// shifted returns a >> n.
func shifted(a VecVirtual, n uint64) VecVirtual {
	v := YMM()
	VPSRLQ(U8(n), a, v)
	return v
}

// dropout hashes four counters at a time. The 256 bits of the hashes are 16 bits for
// each of 16 elements, in their order.
func dropout() {
	kernel("dropout", "(y, x []float32, counter uint64, threshold int16, scale float32)",
		"drops elements by the hashes of counter and its multiples; n is a multiple of 16.")
	y, x, n := pointer("y"), pointer("x"), length("x")
	scale, threshold, counter := broadcast("scale"), YMM(), YMM()
	t, c := Load(Param("threshold"), GP16()), Load(Param("counter"), GP64())
	VMOVD(t.(GPVirtual).As32(), threshold.AsX())
	VPBROADCASTW(threshold.AsX(), threshold)
	VMOVQ(c, counter.AsX())
	VPBROADCASTQ(counter.AsX(), counter)
	golden := poly.Golden // a variable, because multiples of a constant would overflow
	first := GLOBL("multiples", RODATA|NOPTR)
	for i := range uint64(4) {
		DATA(int(8*i), U64(i*golden))
	}
	VPADDQ(first, counter, counter)
	step := spread(4 * golden)
	m1, m2 := newFactor(poly.Mix1), newFactor(poly.Mix2)

	Label("loop")
	TESTQ(n, n)
	JZ(LabelRef("end"))
	h := m1.times(binary(VPXOR, counter, shifted(counter, 30)))
	h = m2.times(binary(VPXOR, h, shifted(h, 27)))
	h = binary(VPXOR, h, shifted(h, 31))
	VPADDQ(step, counter, counter)
	VPCMPGTW(h, threshold, h) // dropped where threshold > h
	high := XMM()
	VEXTRACTI128(U8(1), h, high)
	for i, half := range []Op{h.AsX(), high} {
		drop := YMM()
		VPMOVSXWD(half, drop)
		v := mul(Mem{Base: x, Disp: bytes * i}, scale)
		VANDNPS(v, drop, v)
		VMOVUPS(v, Mem{Base: y, Disp: bytes * i})
	}
	advance([]Register{x, y}, 2*bytes)
	SUBQ(U8(16), n)
	JMP(LabelRef("loop"))
	Label("end")
	finish()
}
