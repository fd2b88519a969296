package main

import (
	"fmt"
	"math"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"multiscale/pkg/kernel/lanes"
	"multiscale/pkg/kernel/lanes/generate/maps"
)

// transform is the argument, for the offsets of its fields.
var transform lanes.Transform

// transforms writes the maps, each applied to rows and columns of a square.
func (s isa) transforms() {
	for _, m := range maps.All[reg.VecVirtual]() {
		s.transform(m)
	}
}

// Sum implements maps.Algebra.
func (s isa) Sum(a, b reg.VecVirtual) reg.VecVirtual {
	v := s.vector()
	VADDPS(a, b, v)
	return v
}

// Difference implements maps.Algebra.
func (s isa) Difference(a, b reg.VecVirtual) reg.VecVirtual {
	v := s.vector()
	VSUBPS(b, a, v)
	return v
}

// Times implements maps.Algebra.
func (s isa) Times(c float64, a reg.VecVirtual) reg.VecVirtual {
	v := s.vector()
	VMULPS(s.constant(c), a, v)
	return v
}

// Plus implements maps.Algebra.
func (s isa) Plus(a reg.VecVirtual, c float64, b reg.VecVirtual) reg.VecVirtual {
	v := s.vector()
	VMOVAPS(a, v)
	VFMADD231PS(s.constant(c), b, v)
	return v
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
func (s isa) transform(m maps.Map[reg.VecVirtual]) {
	in, out, name := m.In, m.Out, m.Name+s.name
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
		for i, v := range m.Do(s, d) {
			put(i, j, v)
		}
		if j < in-1 {
			ADDQ(srcCol, src)
		}
	}
	for i := range out {
		for j, v := range m.Do(s, row(i)) {
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
