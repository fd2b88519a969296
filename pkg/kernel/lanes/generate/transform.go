package main

import (
	"fmt"
	"math"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"multiscale/pkg/kernel/lanes"
)

// transform is the argument, for the offsets of its fields.
var transform lanes.Transform

// pointA and pointB are the interpolation points of lanes (0, ±A, ±B,
// infinity); a test compares the assembly with the portable code.
const (
	pointA = 0.625
	pointB = 1.5
)

// program is a linear map of a row of registers.
type program func(s isa, d []reg.VecVirtual) []reg.VecVirtual

// transforms writes the maps of Winograd's algorithm F(4x4, 3x3) and of its
// gradient, and those of images of 2x2 pixels, each applied to rows and columns of
// a square.
func (s isa) transforms() {
	s.transform("input", 6, 6, func(s isa, d []reg.VecVirtual) []reg.VecVirtual {
		const a2, b2 = pointA * pointA, pointB * pointB
		first := s.plus(s.plus(d[4], -(a2+b2), d[2]), a2*b2, d[0])
		last := s.plus(s.plus(d[5], -(a2+b2), d[3]), a2*b2, d[1])
		pa, ma := s.pair(s.plus(d[4], -b2, d[2]), pointA, s.plus(d[3], -b2, d[1]))
		pb, mb := s.pair(s.plus(d[4], -a2, d[2]), pointB, s.plus(d[3], -a2, d[1]))
		return []reg.VecVirtual{first, pa, ma, pb, mb, last}
	})
	s.transform("output", 6, 4, func(s isa, d []reg.VecVirtual) []reg.VecVirtual {
		return s.interpolate(d, 4)
	})
	s.transform("weight", 6, 3, func(s isa, d []reg.VecVirtual) []reg.VecVirtual {
		return s.interpolate(d, 3)
	})
	s.transform("filter", 3, 6, func(s isa, g []reg.VecVirtual) []reg.VecVirtual {
		return s.evaluate(g)
	})
	s.transform("gradient", 4, 6, func(s isa, g []reg.VecVirtual) []reg.VecVirtual {
		return s.evaluate(g)
	})
	s.transform("smallInput", 2, 3, func(s isa, x []reg.VecVirtual) []reg.VecVirtual {
		return []reg.VecVirtual{x[0], s.sum(x[0], x[1]), x[1]}
	})
	s.transform("smallOutput", 3, 2, func(s isa, m []reg.VecVirtual) []reg.VecVirtual {
		return []reg.VecVirtual{s.sum(m[1], m[2]), s.sum(m[1], m[0])}
	})
	s.transform("smallWeight", 3, 3, func(s isa, m []reg.VecVirtual) []reg.VecVirtual {
		return []reg.VecVirtual{m[0], s.difference(s.difference(m[1], m[0]), m[2]), m[2]}
	})
	s.transform("smallFilter", 3, 3, func(s isa, g []reg.VecVirtual) []reg.VecVirtual {
		return []reg.VecVirtual{s.difference(g[0], g[1]), g[1], s.difference(g[2], g[1])}
	})
	s.transform("smallGradient", 2, 3, func(s isa, y []reg.VecVirtual) []reg.VecVirtual {
		return []reg.VecVirtual{y[1], s.sum(y[0], y[1]), y[0]}
	})
}

// interpolate gives out[k] = sum of p^k d over the points p; the one at
// infinity counts for the highest power only.
func (s isa) interpolate(d []reg.VecVirtual, n int) []reg.VecVirtual {
	sa, da := s.sum(d[1], d[2]), s.difference(d[1], d[2])
	sb, db := s.sum(d[3], d[4]), s.difference(d[3], d[4])
	out := make([]reg.VecVirtual, n)
	out[0] = s.sum(s.sum(d[0], sa), sb)
	for k := 1; k < n; k++ {
		va, vb := sa, sb
		if k%2 == 1 {
			va, vb = da, db
		}
		out[k] = s.times(math.Pow(pointA, float64(k)), va)
		if k == n-1 {
			out[k] = s.plus(d[5], math.Pow(pointA, float64(k)), va)
		}
		out[k] = s.plus(out[k], math.Pow(pointB, float64(k)), vb)
	}
	return out
}

// evaluate gives the values of the polynomial with coefficients g at the
// points, over the products of the points' distances.
func (s isa) evaluate(g []reg.VecVirtual) []reg.VecVirtual {
	const a2, b2 = pointA * pointA, pointB * pointB
	value := func(p2, p, scale float64) (plus, minus reg.VecVirtual) {
		even := s.plus(s.times(scale, g[0]), scale*p2, g[2])
		odd := g[1]
		if len(g) == 4 {
			odd = s.plus(g[1], p2, g[3])
		}
		return s.pair(even, scale*p, odd)
	}
	first := s.times(1/(a2*b2), g[0])
	pa, ma := value(a2, pointA, 1/(2*a2*(a2-b2)))
	pb, mb := value(b2, pointB, 1/(2*b2*(b2-a2)))
	return []reg.VecVirtual{first, pa, ma, pb, mb, g[len(g)-1]}
}

func (s isa) sum(a, b reg.VecVirtual) reg.VecVirtual {
	v := s.vector()
	VADDPS(a, b, v)
	return v
}

func (s isa) difference(a, b reg.VecVirtual) reg.VecVirtual {
	v := s.vector()
	VSUBPS(b, a, v)
	return v
}

func (s isa) times(c float64, a reg.VecVirtual) reg.VecVirtual {
	v := s.vector()
	VMULPS(s.constant(c), a, v)
	return v
}

// plus is a + c*b.
func (s isa) plus(a reg.VecVirtual, c float64, b reg.VecVirtual) reg.VecVirtual {
	v := s.vector()
	VMOVAPS(a, v)
	VFMADD231PS(s.constant(c), b, v)
	return v
}

// pair is a + c*b and a - c*b.
func (s isa) pair(a reg.VecVirtual, c float64, b reg.VecVirtual) (plus, minus reg.VecVirtual) {
	return s.plus(a, c, b), s.plus(a, -c, b)
}

// constants are kept in memory, repeated over a register's width.
var constants = map[uint32]operand.Mem{}

func (s isa) constant(c float64) operand.Op {
	bits := math.Float32bits(float32(c))
	if _, known := constants[bits]; !known {
		m := GLOBL(fmt.Sprintf("constant%08x", bits), RODATA|NOPTR)
		for i := range avx512.lanes {
			DATA(4*i, operand.U32(bits))
		}
		constants[bits] = m
	}
	return constants[bits]
}

// transform is lanes.Transform for one map.
func (s isa) transform(title string, in, out int, do program) {
	name := title + s.name
	TEXT(name, 0, "func(p *Transform)")
	Pragma("noescape")
	put, row := s.cells(in, out)
	p := argument()
	dstAt, srcAt, count := field(p, unsafe.Offsetof(transform.DstAt)), field(p, unsafe.Offsetof(transform.SrcAt)), length(p, unsafe.Offsetof(transform.DstAt))
	srcSteps := steps(distance(p, unsafe.Offsetof(transform.SrcRow)), in)
	srcCol := distance(p, unsafe.Offsetof(transform.SrcCol))
	dstRow := distance(p, unsafe.Offsetof(transform.DstRow))
	dstSteps := steps(distance(p, unsafe.Offsetof(transform.DstCol)), out)
	Label("item_" + name)
	src, dst := GP64(), GP64()
	MOVLQSX(at(srcAt, 0), src)
	SHLQ(operand.U8(2), src)
	ADDQ(at(p, int(unsafe.Offsetof(transform.Src))), src)
	MOVLQSX(at(dstAt, 0), dst)
	SHLQ(operand.U8(2), dst)
	ADDQ(at(p, int(unsafe.Offsetof(transform.Dst))), dst)
	for j := range in {
		d := s.vectors(in)
		for i, v := range d {
			VMOVUPS(srcSteps.at(src, i), v)
		}
		for i, v := range do(s, d) {
			put(i, j, v)
		}
		if j < in-1 {
			ADDQ(srcCol, src)
		}
	}
	for i := range out {
		for j, v := range do(s, row(i)) {
			VMOVUPS(v, dstSteps.at(dst, j))
		}
		if i < out-1 {
			ADDQ(dstRow, dst)
		}
	}
	ADDQ(operand.Imm(4), srcAt)
	ADDQ(operand.Imm(4), dstAt)
	DECQ(count)
	JNZ(operand.LabelRef("item_" + name))
	VZEROUPPER()
	RET()
}

// fewCells stay in registers between the two halves of a transform; more go to the stack.
const fewCells = 9

// cells is where a transform keeps out rows of in vectors: put adds a vector, and row
// returns what has been put into a row.
func (s isa) cells(in, out int) (put func(i, j int, v reg.VecVirtual), row func(i int) []reg.VecVirtual) {
	if in*out <= fewCells {
		kept := make([][]reg.VecVirtual, out)
		put = func(i, j int, v reg.VecVirtual) { kept[i] = append(kept[i], v) }
		return put, func(i int) []reg.VecVirtual { return kept[i] }
	}
	stack := AllocLocal(in * out * s.bytes())
	cell := func(i, j int) operand.Mem { return stack.Offset((i*in + j) * s.bytes()) }
	put = func(i, j int, v reg.VecVirtual) { VMOVUPS(v, cell(i, j)) }
	row = func(i int) []reg.VecVirtual {
		d := s.vectors(in)
		for j, v := range d {
			VMOVUPS(cell(i, j), v)
		}
		return d
	}
	return put, row
}

// multiples addresses up to six equal steps.
type multiples struct{ one, three, five reg.Register }

func steps(one reg.Register, n int) multiples {
	m := multiples{one: one, three: one, five: one}
	if n > 3 {
		three := GP64()
		LEAQ(indexed(one, one, 2), three)
		m.three = three
	}
	if n > 5 {
		five := GP64()
		LEAQ(indexed(one, one, 4), five)
		m.five = five
	}
	return m
}

func (m multiples) at(base reg.Register, i int) operand.Mem {
	switch i {
	case 0:
		return at(base, 0)
	case 3:
		return indexed(base, m.three, 1)
	case 5:
		return indexed(base, m.five, 1)
	}
	return indexed(base, m.one, uint8(i))
}
