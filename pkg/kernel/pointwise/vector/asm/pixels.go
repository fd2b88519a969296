package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// pixels converts bytes to numbers in [0,1]. For each vector of a row, it prefetches the
// vector eight rows below, because rows of a large picture are far apart in main memory.
func pixels() {
	const perVector = width // bytes of x
	for _, reversed := range []bool{false, true} {
		name, doc := "pixels", "writes rows of x/255; width is a multiple of 8."
		if reversed {
			name, doc = "pixelsReversed", "is pixels with rows from right to left."
		}
		kernel(name, "(y []float32, x []uint8, rows, width, stride int)", doc)
		y, row, rows, width, stride := pointer("y"), pointer("x"), integer("rows"), integer("width"), integer("stride")
		full := inRegister(f32(255))
		var order VecVirtual
		if reversed {
			order = backwards()
			LEAQ(Mem{Base: row, Index: width, Scale: 1, Disp: -perVector}, row)
		}
		down := GP64()
		MOVQ(stride, down)
		SHLQ(U8(3), down)
		loop, end := label("loop"), label("end")
		Label(loop)
		TESTQ(rows, rows)
		JZ(LabelRef(end))
		x, n := GP64(), GP64()
		MOVQ(row, x)
		MOVQ(width, n)
		whole(n, []Register{y}, []int{bytes}, func() {
			PREFETCHT0(Mem{Base: x, Index: down, Scale: 1})
			v := YMM()
			VPMOVZXBD(Mem{Base: x}, v)
			VCVTDQ2PS(v, v)
			v = binary(VDIVPS, full, v)
			if reversed {
				VPERMPS(v, order, v)
				SUBQ(U8(perVector), x)
			} else {
				ADDQ(U8(perVector), x)
			}
			VMOVUPS(v, Mem{Base: y})
		})
		ADDQ(stride, row)
		DECQ(rows)
		JMP(LabelRef(loop))
		Label(end)
		finish()
	}
}

// backwards returns the numbers of the lanes, from the last to the first.
func backwards() VecVirtual {
	m := GLOBL("backwards", RODATA|NOPTR)
	for i := range width {
		DATA(4*i, U32(width-1-i))
	}
	return inRegister(m)
}
