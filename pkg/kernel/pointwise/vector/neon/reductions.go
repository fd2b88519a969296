package main

// halves converts a vector to two vectors of two float64.
func (g generator) halves(v V) [2]V { return [2]V{g.two("fcvtl", v), g.two("fcvtl2", v)} }

// sum adds the vectors of float64 and then their lanes. The sum is in lane 0 of the result.
func (g generator) sum(s []V) V {
	for n := len(s); n > 1; n /= 2 {
		for i := range n / 2 {
			g.Three("fadd", d2, s[i], s[i], s[i+n/2])
		}
	}
	g.Three("faddp", d2, s[0], s[0], s[0])
	return s[0]
}

func (g generator) reductions() {
	for _, r := range []struct {
		name, doc string
		step      func(sum, a, b V)
	}{
		{"distance", "returns the sum of (a-b)^2.", func(sum, a, b V) {
			d := g.three("fsub", d2, a, b)
			g.Three("fmla", d2, sum, d, d)
		}},
		{"dot", "returns the sum of a*b.", func(sum, a, b V) { g.Three("fmla", d2, sum, a, b) }},
	} {
		g.begin(r.name, r.doc, "a, b []float32", "sum float64")
		a, b, n, sums := g.Pointer("a"), g.Pointer("b"), g.Length("a"), g.zeros(4)
		g.span(n, 2, []R{a, b}, func(s part) {
			left, right := g.halves(g.read(s, a)), g.halves(g.read(s, b))
			for half := range 2 {
				r.step(sums[2*s.u+half], left[half], right[half])
			}
		})
		g.Return("sum", g.sum(sums))
		g.End()
	}

	g.begin("expShift", "writes exp(a*x-b) and returns the sum of it.", "y, x []float32, a, b float32", "sum float64")
	y, x, n := g.Pointer("y"), g.Pointer("x"), g.Length("x")
	a, b, e, sums := g.Scalar("a"), g.two("fneg", g.Scalar("b")), g.exponential(), g.zeros(2)
	g.span(n, 1, []R{y, x}, func(s part) {
		v := e.of(g.plus(b, a, g.read(s, x)))
		g.write(s, v, y)
		for i, h := range g.halves(g.keep(s, v)) {
			g.Three("fadd", d2, sums[i], sums[i], h)
		}
	})
	g.Return("sum", g.sum(sums))
	g.End()

	g.begin("maximum", "returns the largest element, of at least one.", "x []float32", "m float32")
	x, n = g.Pointer("x"), g.Length("x")
	m := g.Vectors(2)
	for _, v := range m {
		g.LoadAll(s4, v, x)
	}
	g.span(n, 2, []R{x}, func(s part) {
		v := g.read(s, x)
		if s.tail {
			g.DuplicateElement(s4, v, v, 0)
		}
		g.Three("fmax", s4, m[s.u], m[s.u], v)
	})
	g.Three("fmax", s4, m[0], m[0], m[1])
	g.MaximumOf(m[0], m[0])
	g.Return("m", m[0])
	g.End()

	g.begin("finite", "reports whether no exponent has all bits set.", "x []float32", "all bool")
	x, n = g.Pointer("x"), g.Length("x")
	exponent, bad := g.Bits(0x7f800000), g.zero()
	g.span(n, 4, []R{x}, func(s part) {
		v := g.three("cmeq", s4, g.bitwise("and", g.read(s, x), exponent), exponent)
		g.Bitwise("orr", bad, bad, v)
	})
	low, high := g.General(), g.General()
	g.Op("VMOV V%d.D[0], R%d", bad, low)
	g.Op("VMOV V%d.D[1], R%d", bad, high)
	g.Op("ORR R%d, R%d, R%d", high, low, low)
	g.Op("CMP $0, R%d", low)
	g.Op("CSET EQ, R%d", low)
	g.ReturnBool("all", low)
	g.End()
}
