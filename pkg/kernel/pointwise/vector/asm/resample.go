package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// whole repeats a step of eight elements n/8 times; n is a multiple of 8. Each step
// moves the pointers by their strides, in bytes.
func whole(n Register, pointers []Register, strides []int, step func()) {
	loop, end := label("loop"), label("end")
	Label(loop)
	TESTQ(n, n)
	JZ(LabelRef(end))
	step()
	for i, p := range pointers {
		ADDQ(U32(strides[i]), p)
	}
	SUBQ(U8(width), n)
	JMP(LabelRef(loop))
	Label(end)
}

// at loads the vector at p+disp.
func at(p Register, disp int) VecVirtual {
	v := YMM()
	VMOVUPS(Mem{Base: p, Disp: disp}, v)
	return v
}

// storePairs writes a[i] and b[i] to elements 2i and 2i+1 from p+disp on.
func storePairs(a, b VecVirtual, p Register, disp int) {
	first, second := lowHigh(binary(VUNPCKLPS, b, a), binary(VUNPCKHPS, b, a))
	VMOVUPS(first, Mem{Base: p, Disp: disp})
	VMOVUPS(second, Mem{Base: p, Disp: disp + bytes})
}

// lowHigh returns a vector of the low halves of a and b, and one of their high halves.
func lowHigh(a, b VecVirtual) (low, high VecVirtual) {
	low, high = YMM(), YMM()
	VPERM2F128(U8(0x20), b, a, low)
	VPERM2F128(U8(0x31), b, a, high)
	return low, high
}

// twice returns a vector with two copies of the low half of v, and one with two copies of
// its high half.
func twice(v VecVirtual) [2]VecVirtual {
	low, high := lowHigh(v, v)
	return [2]VecVirtual{low, high}
}

// pairs loads sixteen elements from p+disp on and returns the even and the odd ones.
// Each vector has the order 0 1 4 5 2 3 6 7, which ordered reverts.
func pairs(p Register, disp int) (even, odd VecVirtual) {
	a, b := at(p, disp), at(p, disp+bytes)
	even, odd = YMM(), YMM()
	VSHUFPS(U8(0x88), b, a, even)
	VSHUFPS(U8(0xdd), b, a, odd)
	return even, odd
}

// ordered exchanges the two middle pairs of elements.
func ordered(v VecVirtual) VecVirtual {
	r := YMM()
	VPERMPD(U8(0xd8), v, r)
	return r
}

func resample() {
	const eights = "n is a multiple of 8."
	kernel("duplicate", "(y, x []float32, s float32)", "writes s*x[i] twice; "+eights)
	y, x, n, s := pointer("y"), pointer("x"), length("x"), broadcast("s")
	whole(n, []Register{y, x}, []int{2 * bytes, bytes}, func() {
		v := mul(s, at(x, 0))
		storePairs(v, v, y, 0)
	})
	finish()

	kernel("interleave", "(y, a, b []float32)", "writes a[i] and b[i] in turn; "+eights)
	y, a, b, n := pointer("y"), pointer("a"), pointer("b"), length("a")
	whole(n, []Register{y, a, b}, []int{2 * bytes, bytes, bytes}, func() { storePairs(at(a, 0), at(b, 0), y, 0) })
	finish()

	kernel("deinterleave", "(a, b, y []float32)", "is the inverse of interleave; "+eights)
	a, b, y, n = pointer("a"), pointer("b"), pointer("y"), length("a")
	whole(n, []Register{a, b, y}, []int{bytes, bytes, 2 * bytes}, func() {
		even, odd := pairs(y, 0)
		VMOVUPS(ordered(even), Mem{Base: a})
		VMOVUPS(ordered(odd), Mem{Base: b})
	})
	finish()

	kernel("pairSums", "(y, a, b []float32, s float32)", "writes s times the sums of pairs of a and b; "+eights)
	y, a, b, n, s = pointer("y"), pointer("a"), pointer("b"), length("y"), broadcast("s")
	whole(n, []Register{y, a, b}, []int{bytes, 2 * bytes, 2 * bytes}, func() {
		evenA, oddA := pairs(a, 0)
		evenB, oddB := pairs(b, 0)
		VMOVUPS(ordered(mul(s, add(add(evenA, oddA), add(evenB, oddB)))), Mem{Base: y})
	})
	finish()

	kernel("pairSums2", "(y, x []float32, s float32)", "is pairSums of rows of two sums; "+eights)
	y, x, n, s = pointer("y"), pointer("x"), length("y"), broadcast("s")
	whole(n, []Register{y, x}, []int{bytes, 4 * bytes}, func() {
		a, b := binary(VHADDPS, at(x, bytes), at(x, 0)), binary(VHADDPS, at(x, 3*bytes), at(x, 2*bytes))
		first, second := lowHigh(a, b)
		VMOVUPS(mul(s, add(first, second)), Mem{Base: y})
	})
	finish()

	kernel("pairSums4", "(y, x []float32, s float32)", "is pairSums of rows of four sums; "+eights)
	y, x, n, s = pointer("y"), pointer("x"), length("y"), broadcast("s")
	whole(n, []Register{y, x}, []int{bytes, 4 * bytes}, func() {
		a, b := binary(VHADDPS, at(x, bytes), at(x, 0)), binary(VHADDPS, at(x, 3*bytes), at(x, 2*bytes))
		VMOVUPS(ordered(mul(s, add(binary(VUNPCKLPD, b, a), binary(VUNPCKHPD, b, a)))), Mem{Base: y})
	})
	finish()

	kernel("duplicate2", "(y, x []float32, s float32)", "writes rows of two as blocks; "+eights)
	y, x, n, s = pointer("y"), pointer("x"), length("x"), broadcast("s")
	whole(n, []Register{y, x}, []int{4 * bytes, bytes}, func() {
		v := mul(s, at(x, 0))
		for i, row := range []VecVirtual{binary(VUNPCKLPS, v, v), binary(VUNPCKHPS, v, v)} {
			for h, r := range twice(row) {
				VMOVUPS(r, Mem{Base: y, Disp: (2*h + i) * bytes})
			}
		}
	})
	finish()

	kernel("duplicate4", "(y, x []float32, s float32)", "writes rows of four as blocks; "+eights)
	y, x, n, s = pointer("y"), pointer("x"), length("x"), broadcast("s")
	whole(n, []Register{y, x}, []int{4 * bytes, bytes}, func() {
		v := mul(s, at(x, 0))
		first, second := lowHigh(binary(VUNPCKLPS, v, v), binary(VUNPCKHPS, v, v))
		for i := range 2 {
			VMOVUPS(first, Mem{Base: y, Disp: i * bytes})
			VMOVUPS(second, Mem{Base: y, Disp: (2 + i) * bytes})
		}
	})
	finish()

	kernel("doubleLine", "(y, x []float32)", "interpolates between neighbours; "+eights)
	y, x, n = pointer("y"), pointer("x"), length("y")
	SHRQ(U8(1), n)
	near, far := inRegister(f32(0.75)), inRegister(f32(0.25))
	whole(n, []Register{y, x}, []int{2 * bytes, bytes}, func() {
		l, r := at(x, 0), at(x, 4)
		storePairs(add(mul(near, l), mul(far, r)), add(mul(far, l), mul(near, r)), y, 0)
	})
	finish()

	kernel("doubleLineGrad", "(x, grad []float32)", "is the transpose of doubleLine; "+eights)
	x, g, n := pointer("x"), pointer("grad"), length("x")
	near, far = inRegister(f32(0.75)), inRegister(f32(0.25))
	whole(n, []Register{x, g}, []int{bytes, 2 * bytes}, func() {
		a, b := pairs(g, 0)
		c, d := pairs(g, 8)
		VMOVUPS(ordered(add(mul(far, add(a, d)), mul(near, add(b, c)))), Mem{Base: x})
	})
	finish()
}
