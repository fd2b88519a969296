package main

import (
	"unsafe"

	"multiscale/pkg/kernel/pointwise/vector"
	"multiscale/pkg/kernel/pointwise/vector/poly"
)

// each writes a function that computes y elementwise from the inputs, which may include y.
// prepare loads the scalar parameters and returns the function of vectors.
func (g generator) each(name, scalars, doc string, inputs []string, unroll int, prepare func() func(in []V) V) {
	parameters := "y"
	for _, x := range inputs {
		if x != "y" {
			parameters += ", " + x
		}
	}
	g.begin(name, doc, parameters+" []float32"+scalars, "")
	y, n := g.Pointer("y"), g.Length("y")
	pointers, from := []R{y}, []R{}
	for _, x := range inputs {
		if x == "y" {
			from = append(from, y)
			continue
		}
		from = append(from, g.Pointer(x))
		pointers = append(pointers, from[len(from)-1])
	}
	body := prepare()
	g.span(n, unroll, pointers, func(s part) {
		in := make([]V, len(from))
		for i, p := range from {
			in[i] = g.read(s, p)
		}
		g.write(s, body(in), y)
	})
	g.End()
}

// elementwise has the functions of one or two instructions per element, which are limited by
// memory.
func (g generator) elementwise() {
	g.each("axpy", ", a float32", "adds a*x to y.", []string{"y", "x"}, 4, func() func([]V) V {
		a := g.Scalar("a")
		return func(in []V) V { return g.plus(in[0], a, in[1]) }
	})
	g.each("scale", ", a float32", "writes a*x.", []string{"x"}, 4, func() func([]V) V {
		a := g.Scalar("a")
		return func(in []V) V { return g.mul(a, in[0]) }
	})
	g.each("add", "", "writes a+b.", []string{"a", "b"}, 4, func() func([]V) V {
		return func(in []V) V { return g.add(in[0], in[1]) }
	})
	g.each("mul", "", "writes a*b.", []string{"a", "b"}, 4, func() func([]V) V {
		return func(in []V) V { return g.mul(in[0], in[1]) }
	})
	g.each("mulAdd", "", "adds a*b to y.", []string{"y", "a", "b"}, 4, func() func([]V) V {
		return func(in []V) V { return g.plus(in[0], in[1], in[2]) }
	})
	g.each("subScale", ", s float32", "writes s*(a-b).", []string{"a", "b"}, 4, func() func([]V) V {
		s := g.Scalar("s")
		return func(in []V) V { return g.mul(s, g.sub(in[0], in[1])) }
	})
	g.each("blend", ", s, t float32", "writes s*a + t*b.", []string{"a", "b"}, 4, func() func([]V) V {
		s, t := g.Scalar("s"), g.Scalar("t")
		return func(in []V) V { return g.plus(g.mul(s, in[0]), t, in[1]) }
	})
	g.each("softGrad", ", shift, scale float32", "writes w*(gw-shift)*scale.", []string{"gw", "w"}, 4, func() func([]V) V {
		shift, scale := g.Scalar("shift"), g.Scalar("scale")
		return func(in []V) V { return g.mul(scale, g.mul(in[1], g.sub(in[0], shift))) }
	})
}

func (g generator) optimizers() {
	var c vector.AdamConstants
	g.begin("adam", "does a step of Adam.", "p, grad, m, v []float32, constants *AdamConstants", "")
	p, grad, m, v, n, at := g.Pointer("p"), g.Pointer("grad"), g.Pointer("m"), g.Pointer("v"), g.Length("p"), g.Integer("constants")
	constant := func(offset uintptr) V {
		x, place := g.Vector(), g.General()
		g.Op("ADD $%d, R%d, R%d", offset, at, place)
		g.LoadAll(s4, x, place)
		return x
	}
	beta1, one1 := constant(unsafe.Offsetof(c.Beta1)), constant(unsafe.Offsetof(c.OneMinusBeta1))
	beta2, one2 := constant(unsafe.Offsetof(c.Beta2)), constant(unsafe.Offsetof(c.OneMinusBeta2))
	rate, root, epsilon := constant(unsafe.Offsetof(c.Rate)), constant(unsafe.Offsetof(c.InverseRoot)), constant(unsafe.Offsetof(c.Epsilon))
	g.span(n, 1, []R{p, grad, m, v}, func(s part) {
		gi := g.read(s, grad)
		mi := g.plus(g.mul(beta1, g.read(s, m)), one1, gi)
		g.write(s, mi, m)
		vi := g.plus(g.mul(beta2, g.read(s, v)), one2, g.mul(gi, gi))
		g.write(s, vi, v)
		under := g.plus(epsilon, root, g.two("fsqrt", vi))
		g.write(s, g.sub(g.read(s, p), g.div(g.mul(rate, mi), under)), p)
	})
	g.End()

	g.begin("momentum", "does a step of gradient descent with momentum.", "p, grad, v []float32, rate, momentum float32", "")
	p, grad, v, n = g.Pointer("p"), g.Pointer("grad"), g.Pointer("v"), g.Length("p")
	rate, momentum := g.Scalar("rate"), g.Scalar("momentum")
	g.span(n, 2, []R{p, grad, v}, func(s part) {
		vi := g.plus(g.read(s, grad), momentum, g.read(s, v))
		g.write(s, vi, v)
		g.write(s, g.minus(g.read(s, p), rate, vi), p)
	})
	g.End()
}

// dropout hashes in general registers, because NEON cannot multiply 64-bit numbers. A hash has
// 16 bits for each of four elements, in their order.
func (g generator) dropout() {
	g.begin("dropout", "drops elements by the hashes of counter and its multiples; their number is a multiple of 16.",
		"y, x []float32, counter uint64, threshold int16, scale float32", "")
	y, x, n, counter, t := g.Pointer("y"), g.Pointer("x"), g.Length("x"), g.Integer("counter"), g.Integer("threshold")
	scale, threshold := g.Scalar("scale"), g.Vector()
	g.Duplicate(s4, threshold, t)
	golden, m1, m2 := g.wide(poly.Golden), g.wide(poly.Mix1), g.wide(poly.Mix2)
	h := g.General()
	end := g.Label("dropped")
	g.Op("LSR $2, R%d, R%d", n, n)
	g.Op("CBZ R%d, %s", n, end)
	g.loop(n, func() {
		g.Op("EOR R%d>>30, R%d, R%d", counter, counter, h)
		g.Op("MUL R%d, R%d, R%d", m1, h, h)
		g.Op("EOR R%d>>27, R%d, R%d", h, h, h)
		g.Op("MUL R%d, R%d, R%d", m2, h, h)
		g.Op("EOR R%d>>31, R%d, R%d", h, h, h)
		g.Op("ADD R%d, R%d, R%d", golden, counter, counter)
		bits := g.zero()
		g.InsertDouble(bits, 0, h)
		drop := g.three("cmgt", s4, threshold, g.two("sshll.4s", bits))
		g.Store("q", g.bitwise("bic", g.mul(g.load(x, 0), scale), drop), y, 0)
		g.advance([]R{x, y}, bytes)
	})
	g.Place(end)
	g.End()
}

// wide loads a 64-bit constant.
func (g generator) wide(x uint64) R {
	r := g.General()
	g.Op("MOVD $0x%x, R%d", x, r)
	return r
}
