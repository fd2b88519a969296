package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// eachRow repeats code for every row; n is a fresh copy of the row's width. It
// uses up the number of rows, which is at least 1.
func eachRow(body func(n Register)) {
	rows, width, n := pointer("rows"), pointer("width"), GP64()
	row := label("row")
	Label(row)
	MOVQ(width, n)
	body(n)
	DECQ(rows)
	JNZ(LabelRef(row))
}

// next broadcasts the float32 at p and moves p on.
func next(p Register) VecVirtual {
	v := YMM()
	VBROADCASTSS(Mem{Base: p}, v)
	ADDQ(U8(4), p)
	return v
}

func rows() {
	kernel("addRows", "(y, x, e *float32, rows, width int)", "adds e[r] to row r of x.")
	y, x, e := pointer("y"), pointer("x"), pointer("e")
	eachRow(func(n Register) {
		v := next(e)
		span(n, 4, []Register{y, x}, func(s part) { s.store(add(v, s.load(x)), y) })
	})
	finish()

	kernel("sumRows", "(s, x *float32, rows, width int)", "writes the sum of each row of x.")
	out, x := pointer("s"), pointer("x")
	sums := []VecVirtual{YMM(), YMM(), YMM(), YMM()}
	eachRow(func(n Register) {
		for _, s := range sums {
			VXORPD(s, s, s)
		}
		span(n, 2, []Register{x}, func(s part) {
			for half, v := range s.wide(x) {
				VADDPD(v, sums[2*s.u+half], sums[2*s.u+half])
			}
		})
		v := total(sums).AsX()
		VCVTSD2SS(v, v, v)
		VMOVSS(v, Mem{Base: out})
		ADDQ(U8(4), out)
	})
	finish()
}

// normUnit is one of the activations that a normalisation may end in.
type normUnit struct {
	name, arguments string
	prepare         func() (value, slope func(u VecVirtual) VecVirtual)
}

var normUnits = []normUnit{
	{"Leaky", ", slope float32", func() (value, slope func(u VecVirtual) VecVirtual) {
		s, none := broadcast("slope"), zero()
		one := inRegister(f32(1))
		return func(u VecVirtual) VecVirtual { return leakyUnit(u, s, none) },
			func(u VecVirtual) VecVirtual { return leakySlope(u, s, none, one) }
	}},
	{"SiLU", "", func() (value, slope func(u VecVirtual) VecVirtual) {
		e := newExponential(-1)
		return e.silu, e.siluSlope
	}},
}

func norms() {
	for _, unit := range normUnits {
		unit.forward()
		unit.backward()
	}
	combine()
}

// forward writes the activation of (x-mean)*scale[r] + shift[r].
func (unit normUnit) forward() {
	kernel("normalize"+unit.name, "(y, x *float32, rows, width int, mean float32, scale, shift *float32"+unit.arguments+")",
		"normalises rows, with the activation.")
	y, x, scale, shift := pointer("y"), pointer("x"), pointer("scale"), pointer("shift")
	mean := broadcast("mean")
	value, _ := unit.prepare()
	eachRow(func(n Register) {
		a, b := next(scale), next(shift)
		span(n, 2, []Register{y, x}, func(s part) {
			u := sub(s.load(x), mean)
			VFMADD213PS(b, a, u)
			s.store(value(u), y)
		})
	})
	finish()
}

// sumBlock is how many elements are summed in float32 lanes, 32 to a lane,
// before the sums go on in float64.
const sumBlock = 512

// backward writes gy times the slope of the activation, and two sums of that
// for each row.
func (unit normUnit) backward() {
	kernel("normGrad"+unit.name, "(gz, gy, x *float32, rows, width int, mean float32, scale, shift *float32"+unit.arguments+", sums *float64)",
		"takes the activation off a gradient and sums it by rows.")
	gz, gy, x := pointer("gz"), pointer("gy"), pointer("x")
	scale, shift, sums := pointer("scale"), pointer("shift"), pointer("sums")
	mean := broadcast("mean")
	_, slope := unit.prepare()
	plain, weighted := []VecVirtual{YMM(), YMM()}, []VecVirtual{YMM(), YMM()}
	eachRow(func(left Register) {
		a, b := next(scale), next(shift)
		none := XMM()
		VXORPD(none, none, none)
		VMOVUPD(none, Mem{Base: sums})
		block, last := label("block"), label("last")
		Label(block)
		n := GP64()
		MOVQ(U32(sumBlock), n)
		CMPQ(left, n)
		CMOVQLT(left, n)
		SUBQ(n, left)
		for i := range plain {
			VXORPS(plain[i], plain[i], plain[i])
			VXORPS(weighted[i], weighted[i], weighted[i])
		}
		span(n, 2, []Register{gz, gy, x}, func(s part) {
			u := sub(s.load(x), mean)
			VFMADD213PS(b, a, u)
			g := mul(s.load(gy), slope(u))
			d := s.keep(sub(s.load(x), mean))
			s.store(g, gz)
			VADDPS(g, plain[s.u], plain[s.u])
			VFMADD231PS(g, d, weighted[s.u])
		})
		flush(plain, weighted, sums)
		TESTQ(left, left)
		JZ(LabelRef(last))
		JMP(LabelRef(block))
		Label(last)
		ADDQ(U8(16), sums)
	})
	finish()
}

// flush adds the lanes of two pairs of registers to two float64 in memory.
func flush(a, b []VecVirtual, to Register) {
	VADDPS(a[1], a[0], a[0])
	VADDPS(b[1], b[0], b[0])
	var sums [2]VecVirtual
	for i, v := range []VecVirtual{a[0], b[0]} {
		h := halves(v)
		VADDPD(h[1], h[0], h[0])
		sums[i] = h[0]
	}
	v, high := YMM(), XMM()
	VHADDPD(sums[1], sums[0], v) // a, b, a, b
	VEXTRACTF128(U8(1), v, high)
	low := v.AsX()
	VADDPD(high, low, low)
	VADDPD(Mem{Base: to}, low, low)
	VMOVUPD(low, Mem{Base: to})
}

func combine() {
	kernel("normGradCombine", "(gx, gz, x *float32, rows, width int, mean float32, scale *float32, slope, shift float32)",
		"writes scale[r]*gz + (x-mean)*slope + shift.")
	gx, gz, x, scale := pointer("gx"), pointer("gz"), pointer("x"), pointer("scale")
	mean, slope, shift := broadcast("mean"), broadcast("slope"), broadcast("shift")
	eachRow(func(n Register) {
		a := next(scale)
		span(n, 2, []Register{gx, gz, x}, func(s part) {
			v := sub(s.load(x), mean)
			VFMADD213PS(shift, slope, v)
			VFMADD231PS(a, s.load(gz), v)
			s.store(v, gx)
		})
	})
	finish()
}
