package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of lanes.Product.
const (
	productC          = 0
	productA          = 24
	productB          = 48
	productSegments   = 72
	productK          = 96
	productCRow       = 104
	productARow       = 128
	productCStep      = 152
	productAStep      = 160
	productAInner     = 168
	productBInner     = 176
	productAccumulate = 184
)

// product is the one inner loop behind every convolution and matrix product:
// each step multiplies one value per row, broadcast, with one vector (or two)
// of B, and all sums stay in registers.
func (s isa) product(groups, vectors int) {
	TEXT(fmt.Sprintf("product%s_%dx%d", s.name, groups, vectors), NOSPLIT, "func(p uintptr)")
	Pragma("noescape")
	p := argument()
	step, inner, bInner := distance(p, productAStep), distance(p, productAInner), distance(p, productBInner)
	step3 := GP64()
	if s.group == 4 {
		LEAQ(indexed(step, step, 2), step3)
	}
	sums := make([][]reg.VecVirtual, groups*s.group)
	for i := range sums {
		sums[i] = s.vectors(vectors)
		s.zero(sums[i])
	}
	segment, segments := field(p, productSegments), field(p, productSegments+8)
	label := fmt.Sprintf("%s_%dx%d", s.name, groups, vectors)
	Label("segment_" + label)
	a := make([]reg.GPVirtual, groups)
	offset := GP64()
	MOVQ(at(segment, 0), offset)
	SHLQ(operand.U8(2), offset)
	ADDQ(at(p, productA), offset)
	for g := range a {
		a[g] = GP64()
		MOVQ(at(p, productARow+8*g), a[g])
		LEAQ(indexed(offset, a[g], 4), a[g])
	}
	b := field(segment, 8)
	SHLQ(operand.U8(2), b)
	ADDQ(at(p, productB), b)
	k := field(p, productK)
	Label("inner_" + label)
	bs := s.vectors(vectors)
	for j, v := range bs {
		VMOVUPS(at(b, j*s.bytes()), v)
	}
	for i, row := range sums {
		v := s.vector()
		VBROADCASTSS(s.row(a[i/s.group], step, step3, i%s.group), v)
		for j, sum := range row {
			VFMADD231PS(bs[j], v, sum)
		}
	}
	for _, r := range a {
		ADDQ(inner, r)
	}
	ADDQ(bInner, b)
	DECQ(k)
	JNZ(operand.LabelRef("inner_" + label))
	ADDQ(operand.Imm(16), segment)
	DECQ(segments)
	JNZ(operand.LabelRef("segment_" + label))

	c, cStep := field(p, productC), distance(p, productCStep)
	cStep3 := GP64()
	if s.group == 4 {
		LEAQ(indexed(cStep, cStep, 2), cStep3)
	}
	rows := make([]reg.GPVirtual, groups)
	for g := range rows {
		rows[g] = field(p, productCRow+8*g)
		LEAQ(indexed(c, rows[g], 4), rows[g])
	}
	CMPB(at(p, productAccumulate), operand.Imm(0))
	JEQ(operand.LabelRef("store_" + label))
	s.eachSum(sums, rows, cStep, cStep3, func(m operand.Mem, v reg.VecVirtual) { VADDPS(m, v, v) })
	Label("store_" + label)
	s.eachSum(sums, rows, cStep, cStep3, func(m operand.Mem, v reg.VecVirtual) { VMOVUPS(v, m) })
	VZEROUPPER()
	RET()
}

// row addresses row i of a group.
func (s isa) row(base, step, step3 reg.Register, i int) operand.Mem {
	switch i {
	case 0:
		return at(base, 0)
	case 3:
		return indexed(base, step3, 1)
	default:
		return indexed(base, step, uint8(i))
	}
}

func (s isa) eachSum(sums [][]reg.VecVirtual, rows []reg.GPVirtual, step, step3 reg.Register, do func(operand.Mem, reg.VecVirtual)) {
	for i, row := range sums {
		for j, v := range row {
			m := s.row(rows[i/s.group], step, step3, i%s.group)
			m.Disp = j * s.bytes()
			do(m, v)
		}
	}
}
