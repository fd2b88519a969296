// Command neon writes the NEON assembly of package vector. Its functions use the same
// formulas as the AVX2 assembly, with vectors of half the width.
package main

import (
	"log"

	"multiscale/pkg/kernel/arm64"
)

// V and R are short for the registers.
type (
	V = arm64.V
	R = arm64.R
)

const (
	width = 4 // float32 values in a vector
	bytes = 16
	s4    = arm64.S4
	d2    = arm64.D2
)

// generator writes one file.
type generator struct{ *arm64.Program }

func main() {
	g := generator{new(arm64.Program)}
	g.elementwise()
	g.activations()
	g.optimizers()
	g.reductions()
	g.rows()
	g.norms()
	g.affine()
	g.columns()
	g.dropout()
	g.resample()
	g.window()
	g.pixels()
	if err := g.Write("vector_arm64.s", "vector_arm64.go", "vector"); err != nil {
		log.Fatal(err)
	}
}

// begin begins a function.
func (g generator) begin(name, doc, parameters, results string) {
	g.Function(name+"NEON", doc, parameters, results, 0)
}

// The following functions write an instruction whose result goes to a new register.

func (g generator) three(name string, shape arm64.Shape, a, b V) V {
	v := g.Vector()
	g.Three(name, shape, v, a, b)
	return v
}

func (g generator) add(a, b V) V { return g.three("fadd", s4, a, b) }
func (g generator) sub(a, b V) V { return g.three("fsub", s4, a, b) }
func (g generator) mul(a, b V) V { return g.three("fmul", s4, a, b) }
func (g generator) div(a, b V) V { return g.three("fdiv", s4, a, b) }

func (g generator) two(name string, a V) V {
	v := g.Vector()
	g.Two(name, v, a)
	return v
}

func (g generator) bitwise(name string, a, b V) V {
	v := g.Vector()
	g.Bitwise(name, v, a, b)
	return v
}

func (g generator) copyOf(a V) V {
	v := g.Vector()
	g.Move(v, a)
	return v
}

// plus returns a + b*c, rounded once.
func (g generator) plus(a, b, c V) V {
	v := g.copyOf(a)
	g.Three("fmla", s4, v, b, c)
	return v
}

// minus returns a - b*c, rounded once.
func (g generator) minus(a, b, c V) V {
	v := g.copyOf(a)
	g.Three("fmls", s4, v, b, c)
	return v
}

func (g generator) zero() V {
	v := g.Vector()
	g.Zero(v)
	return v
}

func (g generator) zeros(n int) []V {
	v := make([]V, n)
	for i := range v {
		v[i] = g.zero()
	}
	return v
}

// load reads 128 bits.
func (g generator) load(base R, offset int) V {
	v := g.Vector()
	g.Load("q", v, base, offset)
	return v
}

// part is one instance of the step that a span repeats: copy u of an unrolled step, or the
// tail, which has a single element in lane 0 and zeros in the other lanes.
type part struct {
	u    int
	tail bool
}

// read loads the vector, or the single element, at p.
func (g generator) read(s part, p R) V {
	v := g.Vector()
	if s.tail {
		g.Load("s", v, p, 0)
	} else {
		g.Load("q", v, p, s.u*bytes)
	}
	return v
}

// write stores the vector, or its single element, at p.
func (g generator) write(s part, v V, p R) {
	if s.tail {
		g.Store("s", v, p, 0)
	} else {
		g.Store("q", v, p, s.u*bytes)
	}
}

// keep clears the lanes that hold no element.
func (g generator) keep(s part, v V) V {
	if !s.tail {
		return v
	}
	w := g.Vector()
	g.First(w, v)
	return w
}

// span repeats a step over n elements: unrolled first, then vector by vector, then element by
// element. It changes the register n and moves the pointers behind the elements.
func (g generator) span(n R, unroll int, pointers []R, step func(part)) {
	loop := func(parts int, of int, s part) {
		again, end := g.Label("span"), g.Label("spanned")
		g.Place(again)
		g.Op("SUBS $%d, R%d, R%d", of, n, n)
		g.Op("BLT %s", end)
		for s.u = range parts {
			mark := g.Mark()
			step(s)
			g.Release(mark)
		}
		g.advance(pointers, 4*of)
		g.Op("B %s", again)
		g.Place(end)
		g.Op("ADD $%d, R%d", of, n)
	}
	if unroll > 1 {
		loop(unroll, unroll*width, part{})
	}
	loop(1, width, part{})
	loop(1, 1, part{tail: true})
}

// advance moves pointers by n bytes.
func (g generator) advance(pointers []R, n int) {
	for _, p := range pointers {
		g.Op("ADD $%d, R%d", n, p)
	}
}

// loop repeats do until n, at least 1, has been counted down.
func (g generator) loop(n R, do func()) {
	again := g.Label("loop")
	g.Place(again)
	mark := g.Mark()
	do()
	g.Release(mark)
	g.Op("SUBS $1, R%d, R%d", n, n)
	g.Op("BNE %s", again)
}

// whole repeats a step of eight elements n/8 times; n is a multiple of 8. Each step moves the
// pointers by their strides, in bytes.
func (g generator) whole(n R, pointers []R, strides []int, step func()) {
	end := g.Label("whole")
	g.Op("LSR $3, R%d, R%d", n, n)
	g.Op("CBZ R%d, %s", n, end)
	g.loop(n, func() {
		step()
		for i, p := range pointers {
			g.Op("ADD $%d, R%d", strides[i], p)
		}
	})
	g.Place(end)
}
