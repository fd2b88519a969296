package main

import (
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"

	"multiscale/pkg/kernel/lanes"
)

// total is the argument, for the offsets of its fields.
var total lanes.Total

// strands is the number of independent vectors of sums. They hide the latency of additions.
const strands = 4

// total writes lanes.Total.
func (s isa) total() {
	name := "total" + s.name
	TEXT(name, NOSPLIT, "func(p *Total)")
	Pragma("noescape")
	p := argument()
	src, count := field(p, unsafe.Offsetof(total.Src)), length(p, unsafe.Offsetof(total.Src))
	sums := s.vectors(strands)
	s.zero(sums)
	Label("block_" + name)
	for i, v := range sums {
		VADDPS(at(src, i*s.bytes()), v, v)
	}
	ADDQ(operand.U32(strands*s.bytes()), src)
	SUBQ(operand.U32(strands*s.lanes), count)
	JG(operand.LabelRef("block_" + name))
	VADDPS(sums[1], sums[0], sums[0])
	VADDPS(sums[3], sums[2], sums[2])
	VADDPS(sums[2], sums[0], sums[0])
	VMOVUPS(sums[0], at(p, int(unsafe.Offsetof(total.Sums))))
	VZEROUPPER()
	RET()
}
