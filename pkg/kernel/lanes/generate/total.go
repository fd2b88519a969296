package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
)

// strands of sums run side by side, to hide the latency of additions.
const strands = 4

// total is lanes.Total.
func (s isa) total() {
	name := "total" + s.name
	TEXT(name, NOSPLIT, "func(p uintptr)")
	Pragma("noescape")
	p := argument()
	src, count := field(p, 0), field(p, 8)
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
	VMOVUPS(sums[0], at(p, 24))
	VZEROUPPER()
	RET()
}
