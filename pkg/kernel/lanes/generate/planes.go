package main

import (
	"fmt"
	"math/bits"
	"unsafe"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"multiscale/pkg/kernel/lanes"
)

// The arguments, for the offsets of their fields.
var (
	gather  lanes.Gather
	scatter lanes.Scatter
)

// gather writes lanes.Gather: planes to pixels.
func (s isa) gather() {
	name := "gather" + s.name
	TEXT(name, NOSPLIT, "func(p *Gather)")
	Pragma("noescape")
	p := argument()
	channels := field(p, unsafe.Offsetof(gather.Channels))
	planes := s.planes(distance(p, unsafe.Offsetof(gather.Stride)))
	item := GP64()
	XORQ(item, item)
	Label("item_" + name)
	dst, src, table, count := field(p, unsafe.Offsetof(gather.Dst)), field(p, unsafe.Offsetof(gather.Src)), field(p, unsafe.Offsetof(gather.DstAt)), field(p, unsafe.Offsetof(gather.Count))
	apart, items := field(p, unsafe.Offsetof(gather.SrcItem)), field(p, unsafe.Offsetof(gather.Items))
	fetch(name, field(p, unsafe.Offsetof(gather.Ahead)), func() reg.Register {
		const few = 8 // items in advance: their work hides the latency of main memory
		later := GP64()
		LEAQ(at(item, few), later)
		IMULQ(apart, later)
		LEAQ(indexed(src, later, 4), later)
		return later
	})
	IMULQ(item, apart)
	LEAQ(indexed(src, apart, 4), src)
	TESTQ(items, items)
	JZ(operand.LabelRef("block_" + name))
	MOVLQSX(indexed(items, item, 4), items)
	LEAQ(indexed(dst, items, 4), dst)
	put := func(i int, v reg.VecVirtual) {
		offset := GP64()
		MOVLQSX(at(table, 4*i), offset)
		VMOVUPS(v, indexed(dst, offset, 4))
	}
	Label("block_" + name)
	CMPQ(count, operand.Imm(uint64(s.lanes)))
	JL(operand.LabelRef("quad_" + name))
	CMPQ(channels, operand.Imm(uint64(s.lanes)))
	JL(operand.LabelRef("tail_" + name))
	// A full square: four pixels of each plane are read into one 128-bit part of a
	// register, so that only squares of 4x4 are left to transpose. All pixels of a
	// plane's cache line are read at once, because lines of planes that are whole pages
	// apart share one set of the cache and may be evicted.
	s.fetchNext(planes, src)
	planes.from(src)
	for q, values := range s.pickFours(planes, s.lanes/4) {
		for j, v := range s.transpose4(values) {
			put(4*q+j, v)
		}
	}
	JMP(operand.LabelRef("next_" + name))

	// The rest of a row and images of 2x2, four pixels at a time.
	Label("quad_" + name)
	CMPQ(count, operand.Imm(4))
	JL(operand.LabelRef("tail_" + name))
	CMPQ(channels, operand.Imm(uint64(s.lanes)))
	JL(operand.LabelRef("tail_" + name))
	planes.from(src)
	for j, v := range s.transpose4(s.pickFours(planes, 1)[0]) {
		put(j, v)
	}
	ADDQ(operand.Imm(16), src)
	ADDQ(operand.Imm(16), table)
	SUBQ(operand.Imm(4), count)
	JG(operand.LabelRef("quad_" + name))
	JMP(operand.LabelRef("end_" + name))

	Label("tail_" + name)
	CMPQ(count, operand.Imm(1))
	JNE(operand.LabelRef("part_" + name))
	CMPQ(channels, operand.Imm(uint64(s.lanes)))
	JL(operand.LabelRef("part_" + name))
	// A single pixel, such as the last of nine taps: most of a square would be wasted.
	planes.from(src)
	put(0, s.pick(planes))
	JMP(operand.LabelRef("end_" + name))

	Label("part_" + name)
	m := s.mask(count)
	square := s.vectors(s.lanes)
	s.zero(square)
	s.eachChannel("read_"+name, src, planes.one, channels, func(i int, at operand.Mem) { s.load(m, at, square[i]) })
	for i, v := range s.transpose(square) {
		if i > 0 {
			CMPQ(count, operand.Imm(uint64(i)))
			JLE(operand.LabelRef("end_" + name))
		}
		put(i, v)
	}
	Label("next_" + name)
	ADDQ(operand.Imm(uint64(s.bytes())), src)
	ADDQ(operand.Imm(uint64(s.bytes())), table)
	SUBQ(operand.Imm(uint64(s.lanes)), count)
	JG(operand.LabelRef("block_" + name))
	Label("end_" + name)
	INCQ(item)
	CMPQ(item, at(p, int(unsafe.Offsetof(gather.Items)+sliceLen)))
	JL(operand.LabelRef("item_" + name))
	VZEROUPPER()
	RET()
}

// fetch prefetches a number of cache lines, if it is not 0; place computes the address of
// the first one.
func fetch(name string, lines reg.Register, place func() reg.Register) {
	TESTQ(lines, lines)
	JZ(operand.LabelRef("fetched_" + name))
	line := place()
	Label("fetch_" + name)
	PREFETCHT0(at(line, 0))
	ADDQ(operand.Imm(64), line)
	DECQ(lines)
	JNZ(operand.LabelRef("fetch_" + name))
	Label("fetched_" + name)
}

// scatter writes lanes.Scatter: pixels to planes.
func (s isa) scatter() {
	name := "scatter" + s.name
	TEXT(name, NOSPLIT, "func(p *Scatter)")
	Pragma("noescape")
	p := argument()
	bias, step, channels := field(p, unsafe.Offsetof(scatter.Bias)), distance(p, unsafe.Offsetof(scatter.Step)), field(p, unsafe.Offsetof(scatter.Channels))
	planes := s.planes(distance(p, unsafe.Offsetof(scatter.Stride)))
	item := GP64()
	XORQ(item, item)
	Label("item_" + name)
	dst, src, residual, count := field(p, unsafe.Offsetof(scatter.Dst)), field(p, unsafe.Offsetof(scatter.Src)), field(p, unsafe.Offsetof(scatter.Residual)), field(p, unsafe.Offsetof(scatter.Count))
	apart := field(p, unsafe.Offsetof(scatter.SrcItem))
	IMULQ(item, apart)
	LEAQ(indexed(src, apart, 4), src)
	MOVQ(at(p, int(unsafe.Offsetof(scatter.DstItem))), apart)
	IMULQ(item, apart)
	LEAQ(indexed(dst, apart, 4), dst)
	fetch(name, field(p, unsafe.Offsetof(scatter.Ahead)), func() reg.Register {
		return s.following(planes, dst)
	})
	TESTQ(residual, residual)
	JZ(operand.LabelRef("block_" + name))
	LEAQ(indexed(residual, apart, 4), residual)
	Label("block_" + name)
	CMPQ(channels, operand.Imm(uint64(s.lanes)))
	JL(operand.LabelRef("square_" + name))
	CMPQ(count, operand.Imm(4))
	JEQ(operand.LabelRef("four_" + name))
	CMPQ(count, operand.Imm(1))
	JEQ(operand.LabelRef("one_" + name))
	CMPQ(count, operand.Imm(uint64(s.lanes)))
	JL(operand.LabelRef("square_" + name))
	s.scatterFull(name, dst, src, bias, residual, step, planes)
	ADDQ(operand.Imm(uint64(s.bytes())), dst)
	SUBQ(operand.Imm(uint64(s.lanes)), count)
	JG(operand.LabelRef("block_" + name))
	JMP(operand.LabelRef("end_" + name))

	Label("four_" + name)
	s.scatterFour(name, dst, src, bias, residual, step, planes)
	JMP(operand.LabelRef("end_" + name))

	Label("one_" + name)
	s.scatterOne(name, dst, src, bias, residual, step, planes)
	JMP(operand.LabelRef("end_" + name))

	Label("square_" + name)
	rows := s.transpose(s.biased("square_biased_"+name, s.lanes, src, step, bias))
	m := s.mask(count)
	TESTQ(residual, residual)
	JZ(operand.LabelRef("write_" + name))
	s.eachChannel("residual_"+name, residual, planes.one, channels, func(i int, at operand.Mem) {
		if s.lanes == 16 {
			VADDPS(at, rows[i], m.k, rows[i])
			return
		}
		v := s.vector()
		s.load(m, at, v)
		VADDPS(v, rows[i], rows[i])
	})
	ADDQ(operand.Imm(uint64(s.bytes())), residual)
	Label("write_" + name)
	masked := s.lanes == 16
	if !masked { // some processors take a dozen cycles for a store with a vector mask
		CMPQ(count, operand.Imm(uint64(s.lanes)))
		JL(operand.LabelRef("rest_" + name))
	}
	s.eachChannel("store_"+name, dst, planes.one, channels, func(i int, at operand.Mem) {
		if masked {
			VMOVUPS(rows[i], m.k, at)
		} else {
			VMOVUPS(rows[i], at)
		}
	})
	ADDQ(operand.Imm(uint64(s.bytes())), dst)
	SUBQ(operand.Imm(uint64(s.lanes)), count)
	JG(operand.LabelRef("block_" + name))
	if !masked {
		JMP(operand.LabelRef("end_" + name))
		Label("rest_" + name)
		s.eachChannel("rest_store_"+name, dst, planes.one, channels, func(i int, at operand.Mem) {
			storeFirst(fmt.Sprintf("%d_%s", i, name), count, rows[i].AsX(), rows[i], at)
		})
	}
	Label("end_" + name)
	INCQ(item)
	CMPQ(item, at(p, int(unsafe.Offsetof(scatter.Items))))
	JL(operand.LabelRef("item_" + name))
	VZEROUPPER()
	RET()
}

// biased reads n pixels, step bytes apart, and adds the bias unless it is nil.
func (s isa) biased(label string, n int, src, step, bias reg.Register) []reg.VecVirtual {
	pixels := s.vectors(n)
	for _, v := range pixels {
		VMOVUPS(at(src, 0), v)
		ADDQ(step, src)
	}
	TESTQ(bias, bias)
	JZ(operand.LabelRef(label))
	for _, v := range pixels {
		VADDPS(at(bias, 0), v, v)
	}
	Label(label)
	return pixels
}

// scatterFull writes a full square: s.lanes pixels of s.lanes channels.
func (s isa) scatterFull(name string, dst, src, bias, residual, step reg.Register, planes planes) {
	rows := s.transpose(s.biased("full_biased_"+name, s.lanes, src, step, bias))
	s.withResidual("full_write_"+name, residual, planes, func() {
		for i, v := range rows {
			VADDPS(planes.at(i), v, v)
		}
		ADDQ(operand.Imm(uint64(s.bytes())), residual)
	})
	s.fetchNext(planes, dst)
	planes.from(dst)
	for i, v := range rows {
		VMOVUPS(v, planes.at(i))
	}
}

// scatterFour writes four pixels of all channels: an image of 2x2, or the rest of a
// larger one.
func (s isa) scatterFour(name string, dst, src, bias, residual, step reg.Register, planes planes) {
	rows := s.transpose4(s.biased("four_biased_"+name, 4, src, step, bias)) // part h of register i: channel 4h+i
	s.withResidual("four_write_"+name, residual, planes, func() {
		for i, v := range s.pickFours(planes, 1)[0] {
			VADDPS(v, rows[i], rows[i])
		}
	})
	planes.from(dst)
	for c := range s.lanes {
		VMOVUPS(s.part(rows[c%4], c/4), planes.at(c))
	}
}

// scatterOne writes one pixel of all channels, such as the last of nine taps: most of a
// square would be wasted.
func (s isa) scatterOne(name string, dst, src, bias, residual, step reg.Register, planes planes) {
	pixel := s.biased("one_biased_"+name, 1, src, step, bias)[0]
	s.withResidual("one_write_"+name, residual, planes, func() { VADDPS(s.pick(planes), pixel, pixel) })
	planes.from(dst)
	for h := range planes.fours {
		part := s.part(pixel, h)
		VMOVSS(part, planes.at(4*h))
		for i := 1; i < 4; i++ {
			VEXTRACTPS(operand.U8(i), part, planes.at(4*h+i))
		}
	}
}

// withResidual emits add, with planes pointing to the residual. The code is skipped if the
// residual is nil.
func (s isa) withResidual(label string, residual reg.Register, planes planes, add func()) {
	TESTQ(residual, residual)
	JZ(operand.LabelRef(label))
	planes.from(residual)
	add()
	Label(label)
}

// storeFirst writes the first count of eight elements, at most seven.
func storeFirst(label string, count reg.Register, low reg.Register, all reg.VecVirtual, to operand.Mem) {
	place := GP64()
	LEAQ(to, place)
	for n := 4; n > 0; n /= 2 {
		next := fmt.Sprintf("below_%d_%s", n, label)
		TESTQ(operand.U32(uint32(n)), count)
		JZ(operand.LabelRef(next))
		switch n {
		case 4:
			VMOVUPS(low, at(place, 0))
			VEXTRACTF128(operand.U8(1), all, low)
		case 2:
			VMOVLPS(low, at(place, 0))
			VMOVHLPS(low, low, low)
		case 1:
			VMOVSS(low, at(place, 0))
		}
		ADDQ(operand.Imm(uint64(4*n)), place)
		Label(next)
	}
}

// eachChannel runs do for the first channels (at most one vector's worth) of
// planes that lie stride bytes apart.
func (s isa) eachChannel(label string, first, stride, channels reg.Register, do func(i int, at operand.Mem)) {
	plane := GP64()
	MOVQ(first, plane)
	for i := range s.lanes {
		CMPQ(channels, operand.Imm(uint64(i)))
		JLE(operand.LabelRef("end_" + label))
		do(i, at(plane, 0))
		if i < s.lanes-1 {
			ADDQ(stride, plane)
		}
	}
	Label("end_" + label)
}

// planes addresses s.lanes planes at equal distances by pointers to every fourth plane.
type planes struct {
	multiples
	fours []reg.GPVirtual
}

func (s isa) planes(stride reg.Register) planes {
	p := planes{steps(stride, 4), make([]reg.GPVirtual, s.lanes/4)}
	for h := range p.fours {
		p.fours[h] = GP64()
	}
	return p
}

// from sets the pointers, given an address in the first plane.
func (p planes) from(first reg.Register) {
	MOVQ(first, p.fours[0])
	for h := 1; h < len(p.fours); h++ {
		LEAQ(indexed(p.fours[h-1], p.one, 4), p.fours[h])
	}
}

// at addresses the same place in plane c.
func (p planes) at(c int) operand.Mem { return p.multiples.at(p.fours[c/4], c%4) }

// following returns the address, in the plane behind all planes, that corresponds to an
// address in the first plane.
func (s isa) following(p planes, first reg.Register) reg.Register {
	next := GP64()
	MOVQ(p.one, next)
	SHLQ(operand.Imm(uint64(bits.TrailingZeros(uint(s.lanes)))), next)
	ADDQ(first, next)
	return next
}

// fetchNext prefetches the same place in the planes of the next channels, which are processed
// next. The hardware prefetcher cannot follow that many planes.
func (s isa) fetchNext(p planes, first reg.Register) {
	if s.ahead == 0 {
		return
	}
	p.from(s.following(p, first))
	for i := range s.lanes {
		PREFETCHT0(p.at(i))
	}
}

// pickFours reads the first 4n values of every plane into n squares. Part h of vector i of
// square q holds the values [4q,4q+4) of plane 4h+i.
func (s isa) pickFours(p planes, n int) [][]reg.VecVirtual {
	squares := make([][]reg.VecVirtual, n)
	for q := range squares {
		squares[q] = s.vectors(4)
	}
	for h := range p.fours {
		for i := range 4 {
			for q, values := range squares {
				m := p.at(4*h + i)
				m.Disp = 16 * q
				s.insert(m, h, values[i])
			}
		}
	}
	return squares
}

// pick reads one value of every plane.
func (s isa) pick(p planes) reg.VecVirtual {
	values := s.vector()
	for h := range p.fours {
		part := XMM()
		VMOVSS(p.at(4*h), part)
		for i := 1; i < 4; i++ {
			VINSERTPS(operand.U8(i<<4), p.at(4*h+i), part, part)
		}
		s.join(part, h, values)
	}
	return values
}
