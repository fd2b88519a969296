package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// matrix is a slice with several rows, with their distance in bytes.
type matrix struct{ at, step Register }

// rowsOf loads a slice and the distance of its rows.
func rowsOf(name, step string) matrix {
	m := matrix{pointer(name), integer(step)}
	SHLQ(U8(2), m.step)
	return m
}

// eachColumn loops over n columns, vector by vector. n is a multiple of 8; the loop changes
// the register. For each vector of columns, begin writes the code before its rows and returns
// a function that writes the code for a row, and end writes the code after the rows. from are
// the matrices, vectors the pointers that begin and end use. These are moved by their sizes
// after each vector of columns.
func eachColumn(n Register, from []matrix, vectors []Register, sizes []int, begin func() func(at []Register), end func()) {
	rows := argument("rows")
	column, row, done := label("column"), label("row"), label("done")
	Label(column)
	TESTQ(n, n)
	JZ(LabelRef(done))
	left := GP64()
	MOVQ(rows, left)
	at := make([]Register, len(from))
	for i, m := range from {
		p := GP64()
		MOVQ(m.at, p)
		at[i] = p
	}
	body := begin()
	Label(row)
	body(at)
	for i, m := range from {
		ADDQ(m.step, at[i])
	}
	DECQ(left)
	JNZ(LabelRef(row))
	end()
	for _, m := range from {
		ADDQ(U32(bytes), m.at)
	}
	for i, p := range vectors {
		ADDQ(U32(sizes[i]), p)
	}
	SUBQ(U8(width), n)
	JMP(LabelRef(column))
	Label(done)
}

// columns has the loops of a softmax along columns.
func columns() {
	whole := part{}
	kernel("maxColumns", "(m, x []float32, rows, step int)", "raises m to the largest element of each column.")
	m, n := pointer("m"), length("m")
	x := rowsOf("x", "step")
	most := YMM()
	eachColumn(n, []matrix{x}, []Register{m}, []int{bytes}, func() func([]Register) {
		VMOVUPS(Mem{Base: m}, most)
		return func(at []Register) { VMAXPS(most, whole.load(at[0]), most) }
	}, func() { VMOVUPS(most, Mem{Base: m}) })
	finish()

	kernel("expColumns", "(x []float32, rows, step int, a float32, shift []float32, sums []float64)", "writes exp(a*x-shift) and adds it up by columns.")
	x = rowsOf("x", "step")
	shift, sums := pointer("shift"), pointer("sums")
	n = length("shift")
	a, e := broadcast("a"), newExponential(1)
	b, low, high := YMM(), YMM(), YMM()
	eachColumn(n, []matrix{x}, []Register{shift, sums}, []int{bytes, 2 * bytes}, func() func([]Register) {
		VMOVUPS(Mem{Base: shift}, b)
		VMOVUPD(Mem{Base: sums}, low)
		VMOVUPD(Mem{Base: sums, Disp: bytes}, high)
		return func(at []Register) {
			v := whole.load(at[0])
			VFMSUB213PS(b, a, v)
			v = e.of(v)
			whole.store(v, at[0])
			h := halves(v)
			VADDPD(h[0], low, low)
			VADDPD(h[1], high, high)
		}
	}, func() {
		VMOVUPD(low, Mem{Base: sums})
		VMOVUPD(high, Mem{Base: sums, Disp: bytes})
	})
	finish()

	kernel("softGradColumns", "(gw, w []float32, rows, step int, shift, scale []float32)", "writes w*(gw-shift)*scale, column by column.")
	gw, w := rowsOf("gw", "step"), matrix{at: pointer("w")}
	w.step = gw.step
	shift, scale := pointer("shift"), pointer("scale")
	n = length("shift")
	by, factor := YMM(), YMM()
	eachColumn(n, []matrix{gw, w}, []Register{shift, scale}, []int{bytes, bytes}, func() func([]Register) {
		VMOVUPS(Mem{Base: shift}, by)
		VMOVUPS(Mem{Base: scale}, factor)
		return func(at []Register) {
			whole.store(mul(factor, mul(whole.load(at[1]), sub(whole.load(at[0]), by))), at[0])
		}
	}, func() {})
	finish()

	kernel("mulColumns", "(y []float32, yStep int, x []float32, rows, step int, factor []float32)", "writes x times the factor of its column.")
	y := rowsOf("y", "yStep")
	x = rowsOf("x", "step")
	f := pointer("factor")
	n = length("factor")
	eachColumn(n, []matrix{y, x}, []Register{f}, []int{bytes}, func() func([]Register) {
		VMOVUPS(Mem{Base: f}, factor)
		return func(at []Register) { whole.store(mul(factor, whole.load(at[1])), at[0]) }
	}, func() {})
	finish()
}
