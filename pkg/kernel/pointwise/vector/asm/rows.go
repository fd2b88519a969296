package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// eachRow repeats body for every row. n is a register with the width of a row, which
// body may change. rows is the number of rows, at least 1; the loop changes the
// register. If two is not nil, it is the code for two rows of half a vector each, which
// together form one vector.
func eachRow(rows Register, two func(), body func(n Register)) {
	columns, n := integer("width"), GP64()
	row, done := label("row"), label("done")
	if two != nil {
		pair := label("pair")
		CMPQ(columns, U8(width/2))
		JNE(LabelRef(row))
		Label(pair)
		CMPQ(rows, U8(2))
		JL(LabelRef(row)) // the last of an odd number
		two()
		SUBQ(U8(2), rows)
		JNZ(LabelRef(pair))
		JMP(LabelRef(done))
	}
	Label(row)
	MOVQ(columns, n)
	body(n)
	DECQ(rows)
	JNZ(LabelRef(row))
	Label(done)
}

// next broadcasts the float32 at p and moves p behind it.
func next(p Register) VecVirtual {
	v := YMM()
	VBROADCASTSS(Mem{Base: p}, v)
	ADDQ(U8(4), p)
	return v
}

// nextTwo broadcasts two float32 at p to half a vector each, and moves p behind them.
func nextTwo(p Register) VecVirtual {
	v, high := YMM(), XMM()
	VBROADCASTSS(Mem{Base: p}, v.AsX())
	VBROADCASTSS(Mem{Base: p, Disp: 4}, high)
	VINSERTF128(U8(1), high, v, v)
	ADDQ(U8(8), p)
	return v
}

func rows() {
	kernel("addRows", "(y, x, e []float32, width int)", "adds e[r] to row r of x.")
	y, x, e := pointer("y"), pointer("x"), pointer("e")
	eachRow(length("e"), nil, func(n Register) {
		v := next(e)
		span(n, 4, []Register{y, x}, func(s part) { s.store(add(v, s.load(x)), y) })
	})
	finish()

	kernel("sumRows", "(s, x []float32, width int)", "writes the sum of each row of x.")
	out, x := pointer("s"), pointer("x")
	sums := []VecVirtual{YMM(), YMM(), YMM(), YMM()}
	eachRow(length("s"), func() {
		h := part{}.wide(x)
		low, high := YMM(), YMM()
		VPERM2F128(U8(0x20), h[1], h[0], low) // the first two elements of each row
		VPERM2F128(U8(0x31), h[1], h[0], high)
		VADDPD(high, low, low)
		VHADDPD(low, low, low)
		VADDPD(zero(), low, low) // as in the other rows, no negative zero
		v := XMM()
		VCVTPD2PSY(low, v)
		VPERMILPS(U8(0x08), v, v)
		VMOVSD(v, Mem{Base: out})
		ADDQ(U8(8), out)
		ADDQ(U8(bytes), x)
	}, func(n Register) {
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

func moments() {
	kernel("moments", "(sums []float64, x []float32, width int)", "writes the sums of x and of x^2 for each row.")
	out, x := pointer("sums"), pointer("x")
	plain, squares, rows := zeros(4), zeros(4), length("sums")
	SHRQ(U8(1), rows)
	eachRow(rows, nil, func(n Register) {
		for i := range plain {
			VXORPD(plain[i], plain[i], plain[i])
			VXORPD(squares[i], squares[i], squares[i])
		}
		span(n, 2, []Register{x}, func(s part) {
			for half, v := range s.wide(x) {
				VADDPD(v, plain[2*s.u+half], plain[2*s.u+half])
				VFMADD231PD(v, v, squares[2*s.u+half])
			}
		})
		VMOVSD(total(plain).AsX(), Mem{Base: out})
		VMOVSD(total(squares).AsX(), Mem{Base: out, Disp: 8})
		ADDQ(U8(16), out)
	})
	finish()
}

// normUnit is one of the activations that may follow a normalisation.
type normUnit struct {
	name, arguments string
	cheap           bool // the slope is cheap to compute
	prepare         func() (value, slope func(u VecVirtual) VecVirtual)
}

var normUnits = []normUnit{
	{"Leaky", ", slope float32", true, func() (value, slope func(u VecVirtual) VecVirtual) {
		s, none := broadcast("slope"), zero()
		one := inRegister(f32(1))
		return func(u VecVirtual) VecVirtual { return leakyUnit(u, s, none) },
			func(u VecVirtual) VecVirtual { return leakySlope(u, s, none, one) }
	}},
	{"SiLU", "", false, func() (value, slope func(u VecVirtual) VecVirtual) {
		e := newExponential(-1)
		return e.silu, e.siluSlope
	}},
}

func norms() {
	moments()
	for _, unit := range normUnits {
		unit.forward()
		unit.sums()
	}
	normGrad()
}

// forward writes the activation of (x-mean[r])*scale[r] + shift[r].
func (unit normUnit) forward() {
	kernel("normalize"+unit.name, "(y, x []float32, width int, mean, scale, shift []float32"+unit.arguments+")",
		"normalises rows, with the activation.")
	y, x, mean, scale, shift := pointer("y"), pointer("x"), pointer("mean"), pointer("scale"), pointer("shift")
	value, _ := unit.prepare()
	pointers := []Register{y, x}
	step := func(s part, m, a, b VecVirtual) {
		u := sub(s.load(x), m)
		VFMADD213PS(b, a, u)
		s.store(value(u), y)
	}
	eachRow(length("scale"), func() {
		step(part{}, nextTwo(mean), nextTwo(scale), nextTwo(shift))
		advance(pointers, bytes)
	}, func(n Register) {
		m, a, b := next(mean), next(scale), next(shift)
		span(n, 2, pointers, func(s part) { step(s, m, a, b) })
	})
	finish()
}

// sumBlock is the number of elements that are summed in float32, 32 in each lane of two
// registers, before their sum is added to a float64.
const sumBlock = 512

// sums writes, for each row, the two sums of the gradient before the activation. If
// this gradient is expensive to compute, it writes the gradient, too.
func (unit normUnit) sums() {
	gz, doc := "gz, ", "takes the activation off a gradient and sums it by rows."
	if unit.cheap {
		gz, doc = "", "sums a gradient, with the activation taken off, by rows."
	}
	kernel("normSums"+unit.name, "("+gz+"gy, x []float32, width int, mean, scale, shift []float32"+unit.arguments+", sums []float64)", doc)
	gy, x := pointer("gy"), pointer("x")
	pointers := []Register{gy, x}
	if !unit.cheap {
		pointers = append(pointers, pointer("gz"))
	}
	mean, scale, shift, sums := pointer("mean"), pointer("scale"), pointer("shift"), pointer("sums")
	_, slope := unit.prepare()
	plain, weighted := []VecVirtual{YMM(), YMM()}, []VecVirtual{YMM(), YMM()}
	step := func(s part, m, a, b VecVirtual) (g, d VecVirtual) {
		u := sub(s.load(x), m)
		VFMADD213PS(b, a, u)
		g = mul(s.load(gy), slope(u))
		d = s.keep(sub(s.load(x), m))
		if !unit.cheap {
			s.store(g, pointers[2])
		}
		return g, d
	}
	eachRow(length("scale"), func() {
		g, d := step(part{}, nextTwo(mean), nextTwo(scale), nextTwo(shift))
		flushTwo(g, mul(g, d), sums)
		advance(pointers, bytes)
	}, func(left Register) {
		m, a, b := next(mean), next(scale), next(shift)
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
		span(n, 2, pointers, func(s part) {
			g, d := step(s, m, a, b)
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

// flush adds the lanes of the two registers of a, and those of b, to two float64 in memory.
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

// flushTwo writes the sums of two rows in a and b, which it adds in the same order as
// flush, and moves to behind them.
func flushTwo(a, b VecVirtual, to Register) {
	none := XMM()
	VXORPD(none, none, none)
	plain, weighted := halves(a), halves(b)
	for row := range plain {
		v, high := YMM(), XMM()
		VHADDPD(weighted[row], plain[row], v)
		VEXTRACTF128(U8(1), v, high)
		low := v.AsX()
		VADDPD(high, low, low)
		VADDPD(none, low, low) // as in flush, no negative zero
		VMOVUPD(low, Mem{Base: to, Disp: 16 * row})
	}
	ADDQ(U8(32), to)
}

// normGrad writes the gradient of a normalisation from the sums over its group.
func normGrad() {
	kernel("normGradLeaky", "(gx, gy, x []float32, width int, mean, scale, shift []float32, slope float32, tilt, offset []float32)",
		"writes scale[r]*gz + (x-mean[r])*tilt[r] + offset[r], with gz = gy times the slope of the activation.")
	gx, gy, x := pointer("gx"), pointer("gy"), pointer("x")
	mean, scale, shift, tilt, offset := pointer("mean"), pointer("scale"), pointer("shift"), pointer("tilt"), pointer("offset")
	_, slope := normUnits[0].prepare()
	pointers := []Register{gx, gy, x}
	step := func(s part, m, a, b, t, o VecVirtual) {
		d := sub(s.load(x), m)
		u := YMM()
		VMOVAPS(d, u)
		VFMADD213PS(b, a, u)
		VFMADD213PS(o, t, d)
		VFMADD231PS(a, mul(s.load(gy), slope(u)), d)
		s.store(d, gx)
	}
	eachRow(length("scale"), func() {
		step(part{}, nextTwo(mean), nextTwo(scale), nextTwo(shift), nextTwo(tilt), nextTwo(offset))
		advance(pointers, bytes)
	}, func(n Register) {
		m, a, b, t, o := next(mean), next(scale), next(shift), next(tilt), next(offset)
		span(n, 2, pointers, func(s part) { step(s, m, a, b, t, o) })
	})
	finish()
}
