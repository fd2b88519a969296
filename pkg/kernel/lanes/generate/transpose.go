package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// transpose transposes a square of vectors: element j of vector i becomes element
// i of vector j.
func (s isa) transpose(r []reg.VecVirtual) []reg.VecVirtual {
	// Squares of 4x4 inside each 128-bit part.
	var u []reg.VecVirtual
	for i := 0; i < len(r); i += 4 {
		u = append(u, s.transpose4(r[i:i+4])...)
	}
	// Then the 128-bit parts themselves.
	out := make([]reg.VecVirtual, len(r))
	for j := range 4 {
		if s.lanes == 8 {
			out[j], out[4+j] = s.vector(), s.vector()
			VPERM2F128(operand.U8(0x20), u[4+j], u[j], out[j])
			VPERM2F128(operand.U8(0x31), u[4+j], u[j], out[4+j])
			continue
		}
		part := s.vectors(4) // even and odd parts of rows 0 to 7, of rows 8 to 15
		for h := range 2 {
			VSHUFF32X4(operand.U8(0x88), u[8*h+4+j], u[8*h+j], part[2*h])
			VSHUFF32X4(operand.U8(0xdd), u[8*h+4+j], u[8*h+j], part[2*h+1])
		}
		for odd := range 2 {
			out[4*odd+j], out[8+4*odd+j] = s.vector(), s.vector()
			VSHUFF32X4(operand.U8(0x88), part[2+odd], part[odd], out[4*odd+j])
			VSHUFF32X4(operand.U8(0xdd), part[2+odd], part[odd], out[8+4*odd+j])
		}
	}
	return out
}

// transpose4 transposes the squares of 4x4 in the 128-bit parts of four vectors.
func (s isa) transpose4(r []reg.VecVirtual) []reg.VecVirtual {
	t := s.vectors(4)
	for i := 0; i < 4; i += 2 {
		VUNPCKLPS(r[i+1], r[i], t[i])
		VUNPCKHPS(r[i+1], r[i], t[i+1])
	}
	u := s.vectors(4)
	for h := range 2 {
		VUNPCKLPD(t[h+2], t[h], u[2*h])
		VUNPCKHPD(t[h+2], t[h], u[2*h+1])
	}
	return u
}

// insert reads four values into one 128-bit part of a register. For part 0 it fills
// the other parts, too.
func (s isa) insert(from operand.Mem, part int, v reg.VecVirtual) {
	switch {
	case s.lanes == 16 && part == 0:
		VBROADCASTF32X4(from, v)
	case s.lanes == 16:
		VINSERTF32X4(operand.U8(part), from, v, v)
	case part == 0:
		VBROADCASTF128(from, v)
	default:
		VINSERTF128(operand.U8(part), from, v, v)
	}
}

// join puts four values into one 128-bit part of a register. For part 0 it clears the
// other parts.
func (s isa) join(from reg.VecVirtual, part int, v reg.VecVirtual) {
	switch {
	case part == 0:
		VMOVAPS(from, v.AsX())
	case s.lanes == 16:
		VINSERTF32X4(operand.U8(part), from, v, v)
	default:
		VINSERTF128(operand.U8(part), from, v, v)
	}
}

// part returns one 128-bit part of a register.
func (s isa) part(from reg.VecVirtual, part int) reg.VecVirtual {
	v := XMM()
	switch {
	case part == 0:
		VMOVAPS(from.AsX(), v)
	case s.lanes == 16:
		VEXTRACTF32X4(operand.U8(part), from, v)
	default:
		VEXTRACTF128(operand.U8(part), from, v)
	}
	return v
}

// mask selects the first min(count, lanes) elements.
type mask struct {
	k reg.Register // AVX-512
	v reg.VecVirtual
}

// tableOfMasks holds one vector of ones, followed by one of zeros. A vector read from an
// offset between them is the mask of the remaining ones.
var tableOfMasks operand.Mem

func (s isa) mask(count reg.Register) mask {
	n, full := GP64(), GP64()
	MOVQ(count, n)
	MOVQ(operand.U64(uint64(s.lanes)), full)
	CMPQ(n, full)
	CMOVQGT(full, n)
	if s.lanes == 16 {
		bits := GP32()
		MOVL(operand.I32(-1), bits)
		BZHIL(n.As32(), bits, bits)
		k := K()
		KMOVW(bits, k)
		return mask{k: k}
	}
	if tableOfMasks.Base == nil {
		tableOfMasks = GLOBL("masks", RODATA|NOPTR)
		for i := range 2 * s.lanes {
			value := operand.U32(0)
			if i < s.lanes {
				value = ^operand.U32(0)
			}
			DATA(4*i, value)
		}
	}
	table := GP64()
	LEAQ(tableOfMasks, table)
	SUBQ(n, full)
	v := s.vector()
	VMOVUPS(indexed(table, full, 4), v)
	return mask{v: v}
}

// load reads the elements that the mask selects and sets the others to zero.
func (s isa) load(m mask, from operand.Mem, to reg.VecVirtual) {
	if s.lanes == 16 {
		VMOVUPS_Z(from, m.k, to)
	} else {
		VMASKMOVPS(from, m.v, to)
	}
}
