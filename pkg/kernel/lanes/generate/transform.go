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
	for _, m := range maps.All[*value]() {
		s.transform(m)
	}
}

// value is a vector whose instructions are written when it is first used. A map returns
// all its results, but a pass of a transform uses only some of them.
type value struct {
	compute func() reg.VecVirtual
	vector  reg.VecVirtual
}

func (v *value) get() reg.VecVirtual {
	if v.vector == nil {
		v.vector = v.compute()
	}
	return v.vector
}

// Sum implements maps.Algebra.
func (s isa) Sum(a, b *value) *value {
	return s.value(func(v reg.VecVirtual) { VADDPS(a.get(), b.get(), v) })
}

// Difference implements maps.Algebra.
func (s isa) Difference(a, b *value) *value {
	return s.value(func(v reg.VecVirtual) { VSUBPS(b.get(), a.get(), v) })
}

// Times implements maps.Algebra.
func (s isa) Times(c float64, a *value) *value {
	return s.value(func(v reg.VecVirtual) { VMULPS(s.constant(c), a.get(), v) })
}

// Plus implements maps.Algebra.
func (s isa) Plus(a *value, c float64, b *value) *value {
	return s.value(func(v reg.VecVirtual) {
		VMOVAPS(a.get(), v)
		VFMADD231PS(s.constant(c), b.get(), v)
	})
}

// value returns a value that compute writes to a register.
func (s isa) value(compute func(v reg.VecVirtual)) *value {
	return &value{compute: func() reg.VecVirtual {
		v := s.vector()
		compute(v)
		return v
	}}
}

// read returns n values that are read from memory when they are first used.
func (s isa) read(n int, at func(i int) operand.Mem) []*value {
	row := make([]*value, n)
	for i := range row {
		row[i] = s.value(func(v reg.VecVirtual) { VMOVUPS(at(i), v) })
	}
	return row
}

// constants are vectors in memory that repeat a number over the width of a register. The
// keys are the bits of the number.
var constants = map[uint32]operand.Mem{}

// constant returns the vector of a number.
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

// transform writes lanes.Transform for one map.
func (s isa) transform(m maps.Map[*value]) {
	in, out, name := m.In, m.Out, m.Name+s.name
	TEXT(name, 0, "func(p *Transform)")
	Pragma("noescape")
	kept := s.cells(in, out)
	p := argument()
	dstAt, srcAt, count := field(p, unsafe.Offsetof(transform.DstAt)), field(p, unsafe.Offsetof(transform.SrcAt)), length(p, unsafe.Offsetof(transform.DstAt))
	srcSteps := steps(distance(p, unsafe.Offsetof(transform.SrcRow)), in)
	srcCol := distance(p, unsafe.Offsetof(transform.SrcCol))
	dstRow := distance(p, unsafe.Offsetof(transform.DstRow))
	dstSteps := steps(distance(p, unsafe.Offsetof(transform.DstCol)), out)
	Label("item_" + name)
	dst := GP64()
	MOVLQSX(at(dstAt, 0), dst)
	SHLQ(operand.U8(2), dst)
	ADDQ(at(p, int(unsafe.Offsetof(transform.Dst))), dst)
	for _, rows := range s.passes(m) {
		src := GP64()
		MOVLQSX(at(srcAt, 0), src)
		SHLQ(operand.U8(2), src)
		ADDQ(at(p, int(unsafe.Offsetof(transform.Src))), src)
		for j := range in {
			results := m.Do(s, s.read(in, func(i int) operand.Mem { return srcSteps.at(src, i) }))
			for _, i := range rows {
				kept.put(i, j, results[i])
			}
			if j < in-1 {
				ADDQ(srcCol, src)
			}
		}
		for _, i := range rows {
			for j, v := range m.Do(s, kept.row(i)) {
				to := dstSteps.at(dst, j)
				VMOVUPS(v.get(), to)
				if s.ahead > 0 && m.Name == "filter" {
					// The spectra of all weights go to main memory, to more streams than
					// the hardware prefetcher can follow.
					to.Disp = 4 * s.bytes()
					PREFETCHT1(to)
				}
			}
			if i < out-1 {
				ADDQ(dstRow, dst)
			}
		}
	}
	ADDQ(operand.Imm(4), srcAt)
	ADDQ(operand.Imm(4), dstAt)
	DECQ(count)
	JNZ(operand.LabelRef("item_" + name))
	VZEROUPPER()
	RET()
}

// passes divides the rows of a transform into passes. Each pass reads the input again. If a
// square does not fit the registers of AVX-512, there are two passes, because half of it
// does fit, and the two halves of a map share no intermediate values.
func (s isa) passes(m maps.Map[*value]) [][]int {
	rows := make([]int, m.Out)
	for i := range rows {
		rows[i] = i
	}
	if s.lanes == 16 && m.In*m.Out > s.kept() {
		return [][]int{rows[:m.Out/2], rows[m.Out/2:]}
	}
	return [][]int{rows}
}

// kept is the number of vectors that stay in registers between the two halves of a
// transform: the columns and the rows.
func (s isa) kept() int {
	if s.lanes == 16 {
		return 24
	}
	return 9
}

// cells store a square of vectors between the two halves of a transform.
type cells struct {
	put func(i, j int, v *value)
	row func(i int) []*value
}

// cells returns cells in registers or, if these are too few, on the stack.
func (s isa) cells(in, out int) cells {
	if s.lanes == 16 || in*out <= s.kept() {
		kept := make([][]*value, out)
		return cells{
			func(i, j int, v *value) { v.get(); kept[i] = append(kept[i], v) },
			func(i int) []*value { return kept[i] },
		}
	}
	stack := AllocLocal(in * out * s.bytes())
	cell := func(i, j int) operand.Mem { return stack.Offset((i*in + j) * s.bytes()) }
	return cells{
		func(i, j int, v *value) { VMOVUPS(v.get(), cell(i, j)) },
		func(i int) []*value { return s.read(in, func(j int) operand.Mem { return cell(i, j) }) },
	}
}

// multiples addresses up to six places at equal distances.
type multiples struct{ one, three, five reg.Register }

// steps returns the multiples of a distance that n places need.
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

// at addresses place i, counted from base.
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
