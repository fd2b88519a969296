package main

import (
	"fmt"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"multiscale/pkg/kernel/lanes"
)

// The arguments, for the offsets of their fields.
var (
	product lanes.Product
	segment lanes.Segment
)

// product writes lanes.Product, the inner loop of all convolutions and matrix products.
// Each step broadcasts one value of every row of A and multiplies it by one or two vectors
// of B. All sums of a tile stay in registers. A tile has up to maxGroups groups of rows. If
// four groups are left, they are computed two by two, because a tile of a single group
// makes poor use of the vectors that it loads. B may come from main memory and is
// prefetched, because hardware prefetching stops at the end of every page.
func (s isa) product(vectors int) {
	name := fmt.Sprintf("product%s_%d", s.name, vectors)
	TEXT(name, NOSPLIT, "func(p *Product)")
	Pragma("noescape")
	p := argument()
	step, inner, bInner := distance(p, unsafe.Offsetof(product.AStep)), distance(p, unsafe.Offsetof(product.AInner)), distance(p, unsafe.Offsetof(product.BInner))
	step3 := GP64()
	if s.group == 4 {
		LEAQ(indexed(step, step, 2), step3)
	}
	done := GP64()
	XORQ(done, done)
	Label("next_" + name)
	left := length(p, unsafe.Offsetof(product.ARow))
	SUBQ(done, left)
	JLE(operand.LabelRef("end_" + name))
	for groups := 1; groups < maxGroups; groups++ {
		CMPQ(left, operand.Imm(uint64(groups)))
		JEQ(operand.LabelRef(fmt.Sprintf("tile%d_%s", groups, name)))
	}
	CMPQ(left, operand.Imm(maxGroups+1))
	JEQ(operand.LabelRef(fmt.Sprintf("tile%d_%s", maxGroups-1, name)))
	for groups := maxGroups; groups > 0; groups-- {
		label := fmt.Sprintf("tile%d_%s", groups, name)
		Label(label)
		s.tile(label, p, done, step, step3, inner, bInner, groups, vectors)
		ADDQ(operand.Imm(uint64(groups)), done)
		JMP(operand.LabelRef("next_" + name))
	}
	Label("end_" + name)
	VZEROUPPER()
	RET()
}

// tile computes a tile of the product: some groups of rows, beginning with group first.
func (s isa) tile(label string, p, first, step, step3, inner, bInner reg.Register, groups, vectors int) {
	sums := make([][]reg.VecVirtual, groups*s.group)
	for i := range sums {
		sums[i] = s.vectors(vectors)
		s.zero(sums[i])
	}
	part, segments := field(p, unsafe.Offsetof(product.Segments)), length(p, unsafe.Offsetof(product.Segments))
	Label("segment_" + label)
	a := make([]reg.GPVirtual, groups)
	base, places := field(part, unsafe.Offsetof(segment.A)), field(p, unsafe.Offsetof(product.ARow))
	SHLQ(operand.U8(2), base)
	ADDQ(at(p, int(unsafe.Offsetof(product.A))), base)
	for g := range a {
		a[g] = GP64()
		m := indexed(places, first, 8)
		m.Disp = 8 * g
		MOVQ(m, a[g])
		LEAQ(indexed(base, a[g], 4), a[g])
	}
	b := field(part, unsafe.Offsetof(segment.B))
	SHLQ(operand.U8(2), b)
	ADDQ(at(p, int(unsafe.Offsetof(product.B))), b)
	k := field(p, unsafe.Offsetof(product.K))
	Label("inner_" + label)
	bs := s.vectors(vectors)
	for j, v := range bs {
		VMOVUPS(at(b, j*s.bytes()), v)
	}
	for j := range bs {
		if s.ahead > 0 {
			PREFETCHT0(at(b, s.ahead+j*s.bytes()))
		}
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
	ADDQ(operand.Imm(uint64(unsafe.Sizeof(segment))), part)
	DECQ(segments)
	JNZ(operand.LabelRef("segment_" + label))

	c, cStep := field(p, unsafe.Offsetof(product.C)), distance(p, unsafe.Offsetof(product.CStep))
	cStep3 := GP64()
	if s.group == 4 {
		LEAQ(indexed(cStep, cStep, 2), cStep3)
	}
	rows := make([]reg.GPVirtual, groups)
	places = field(p, unsafe.Offsetof(product.CRow))
	for g := range rows {
		rows[g] = GP64()
		m := indexed(places, first, 8)
		m.Disp = 8 * g
		MOVQ(m, rows[g])
		LEAQ(indexed(c, rows[g], 4), rows[g])
	}
	CMPB(at(p, int(unsafe.Offsetof(product.Accumulate))), operand.Imm(0))
	JEQ(operand.LabelRef("store_" + label))
	s.eachSum(sums, rows, cStep, cStep3, func(m operand.Mem, v reg.VecVirtual) { VADDPS(m, v, v) })
	Label("store_" + label)
	s.eachSum(sums, rows, cStep, cStep3, func(m operand.Mem, v reg.VecVirtual) { VMOVUPS(v, m) })
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

// eachSum calls do for every sum of a tile with its place in C.
func (s isa) eachSum(sums [][]reg.VecVirtual, rows []reg.GPVirtual, step, step3 reg.Register, do func(operand.Mem, reg.VecVirtual)) {
	for i, row := range sums {
		for j, v := range row {
			m := s.row(rows[i/s.group], step, step3, i%s.group)
			m.Disp = j * s.bytes()
			do(m, v)
		}
	}
}
