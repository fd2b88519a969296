package main

// storePairs writes a[i] and b[i] to elements 2i and 2i+1 from an offset on.
func (g generator) storePairs(a, b V, y R, offset int) {
	g.Store("q", g.three("zip1", s4, a, b), y, offset)
	g.Store("q", g.three("zip2", s4, a, b), y, offset+bytes)
}

// pairs loads eight elements from an offset on and returns the even and the odd ones.
func (g generator) pairs(p R, offset int) (even, odd V) {
	a, b := g.load(p, offset), g.load(p, offset+bytes)
	return g.three("uzp1", s4, a, b), g.three("uzp2", s4, a, b)
}

// eights is whole with a step of four elements, which it repeats for i = 0 and 1.
func (g generator) eights(n R, pointers []R, strides []int, step func(i int)) {
	g.whole(n, pointers, strides, func() {
		for i := range 2 {
			mark := g.Mark()
			step(i)
			g.Release(mark)
		}
	})
}

func (g generator) resample() {
	const eights = "n is a multiple of 8."
	g.begin("duplicate", "writes s*x[i] twice; "+eights, "y, x []float32, s float32", "")
	y, x, n, s := g.Pointer("y"), g.Pointer("x"), g.Length("x"), g.Scalar("s")
	g.eights(n, []R{y, x}, []int{4 * bytes, 2 * bytes}, func(i int) {
		v := g.mul(s, g.load(x, i*bytes))
		g.storePairs(v, v, y, 2*i*bytes)
	})
	g.End()

	g.begin("interleave", "writes a[i] and b[i] in turn; "+eights, "y, a, b []float32", "")
	y, a, b, n := g.Pointer("y"), g.Pointer("a"), g.Pointer("b"), g.Length("a")
	g.eights(n, []R{y, a, b}, []int{4 * bytes, 2 * bytes, 2 * bytes}, func(i int) {
		g.storePairs(g.load(a, i*bytes), g.load(b, i*bytes), y, 2*i*bytes)
	})
	g.End()

	g.begin("deinterleave", "is the inverse of interleave; "+eights, "a, b, y []float32", "")
	a, b, y, n = g.Pointer("a"), g.Pointer("b"), g.Pointer("y"), g.Length("a")
	g.eights(n, []R{a, b, y}, []int{2 * bytes, 2 * bytes, 4 * bytes}, func(i int) {
		even, odd := g.pairs(y, 2*i*bytes)
		g.Store("q", even, a, i*bytes)
		g.Store("q", odd, b, i*bytes)
	})
	g.End()

	g.begin("pairSums", "writes s times the sums of pairs of a and b; "+eights, "y, a, b []float32, s float32", "")
	y, a, b, n, s = g.Pointer("y"), g.Pointer("a"), g.Pointer("b"), g.Length("y"), g.Scalar("s")
	g.eights(n, []R{y, a, b}, []int{2 * bytes, 4 * bytes, 4 * bytes}, func(i int) {
		sum := func(p R) V { return g.three("faddp", s4, g.load(p, 2*i*bytes), g.load(p, (2*i+1)*bytes)) }
		g.Store("q", g.mul(s, g.add(sum(a), sum(b))), y, i*bytes)
	})
	g.End()

	g.begin("pairSums2", "is pairSums of rows of two sums; "+eights, "y, x []float32, s float32", "")
	y, x, n, s = g.Pointer("y"), g.Pointer("x"), g.Length("y"), g.Scalar("s")
	g.eights(n, []R{y, x}, []int{2 * bytes, 8 * bytes}, func(i int) {
		// Each load is one row of two pairs.
		row := func(j int) V { return g.load(x, (4*i+j)*bytes) }
		first, second := g.three("faddp", s4, row(0), row(2)), g.three("faddp", s4, row(1), row(3))
		g.Store("q", g.mul(s, g.add(first, second)), y, i*bytes)
	})
	g.End()

	g.begin("pairSums4", "is pairSums of rows of four sums; "+eights, "y, x []float32, s float32", "")
	y, x, n, s = g.Pointer("y"), g.Pointer("x"), g.Length("y"), g.Scalar("s")
	g.eights(n, []R{y, x}, []int{2 * bytes, 8 * bytes}, func(i int) {
		row := func(j int) V {
			return g.three("faddp", s4, g.load(x, (4*i+2*j)*bytes), g.load(x, (4*i+2*j+1)*bytes))
		}
		g.Store("q", g.mul(s, g.add(row(0), row(1))), y, i*bytes)
	})
	g.End()

	g.begin("duplicate2", "writes rows of two as blocks; "+eights, "y, x []float32, s float32", "")
	y, x, n, s = g.Pointer("y"), g.Pointer("x"), g.Length("x"), g.Scalar("s")
	g.eights(n, []R{y, x}, []int{8 * bytes, 2 * bytes}, func(i int) {
		v := g.mul(s, g.load(x, i*bytes))
		for half, name := range []string{"zip1", "zip2"} {
			row := g.three(name, s4, v, v)
			g.Store("q", row, y, (4*i+2*half)*bytes)
			g.Store("q", row, y, (4*i+2*half+1)*bytes)
		}
	})
	g.End()

	g.begin("duplicate4", "writes rows of four as blocks; "+eights, "y, x []float32, s float32", "")
	y, x, n, s = g.Pointer("y"), g.Pointer("x"), g.Length("x"), g.Scalar("s")
	g.eights(n, []R{y, x}, []int{8 * bytes, 2 * bytes}, func(i int) {
		v := g.mul(s, g.load(x, i*bytes))
		g.storePairs(v, v, y, 4*i*bytes)
		g.storePairs(v, v, y, (4*i+2)*bytes)
	})
	g.End()

	g.begin("doubleLine", "interpolates between neighbours; their number is a multiple of 8.", "y, x []float32", "")
	y, x, n = g.Pointer("y"), g.Pointer("x"), g.Length("y")
	g.Op("LSR $1, R%d, R%d", n, n)
	near, far := g.Constant(0.75), g.Constant(0.25)
	g.eights(n, []R{y, x}, []int{4 * bytes, 2 * bytes}, func(i int) {
		l, r := g.load(x, i*bytes), g.load(x, i*bytes+4)
		g.storePairs(g.add(g.mul(near, l), g.mul(far, r)), g.add(g.mul(far, l), g.mul(near, r)), y, 2*i*bytes)
	})
	g.End()

	g.begin("doubleLineGrad", "is the transpose of doubleLine; "+eights, "x, grad []float32", "")
	x, grad, n := g.Pointer("x"), g.Pointer("grad"), g.Length("x")
	near, far = g.Constant(0.75), g.Constant(0.25)
	g.eights(n, []R{x, grad}, []int{2 * bytes, 4 * bytes}, func(i int) {
		a, b := g.pairs(grad, 2*i*bytes)
		c, d := g.pairs(grad, 2*i*bytes+8)
		g.Store("q", g.add(g.mul(far, g.add(a, d)), g.mul(near, g.add(b, c))), x, i*bytes)
	})
	g.End()
}

// window is a symmetric filter of 11 taps in float64.
func (g generator) window() {
	g.begin("window", "filters with 11 symmetric taps; n is a multiple of 8.", "y, x []float64, stride int, taps *[11]float64", "")
	y, centre, n, stride, taps := g.Pointer("y"), g.Pointer("x"), g.Length("y"), g.Integer("stride"), g.Integer("taps")
	weights := g.Vectors(6) // by the distance from the centre
	at := g.General()
	for d, v := range weights {
		g.Op("ADD $%d, R%d, R%d", 8*(5-d), taps, at)
		g.LoadAll(d2, v, at)
	}
	g.Op("LSL $3, R%d, R%d", stride, stride)
	up, down := g.General(), g.General()
	g.Op("ADD R%d<<2, R%d, R%d", stride, centre, centre)
	g.Op("ADD R%d, R%d, R%d", stride, centre, centre)
	g.whole(n, []R{y, centre}, []int{4 * bytes, 4 * bytes}, func() {
		sums := g.Vectors(4)
		for i, v := range sums {
			g.Three("fmul", d2, v, weights[0], g.load(centre, i*bytes))
		}
		g.Op("MOVD R%d, R%d", centre, up)
		g.Op("MOVD R%d, R%d", centre, down)
		for _, w := range weights[1:] {
			g.Op("SUB R%d, R%d, R%d", stride, up, up)
			g.Op("ADD R%d, R%d, R%d", stride, down, down)
			for i, v := range sums {
				mark := g.Mark()
				g.Three("fmla", d2, v, w, g.three("fadd", d2, g.load(down, i*bytes), g.load(up, i*bytes)))
				g.Release(mark)
			}
		}
		for i, v := range sums {
			g.Store("q", v, y, i*bytes)
		}
	})
	g.End()
}

// pixels converts bytes to numbers in [0,1].
func (g generator) pixels() {
	for _, reversed := range []bool{false, true} {
		name, doc := "pixels", "writes rows of x/255; width is a multiple of 8."
		if reversed {
			name, doc = "pixelsReversed", "is pixels with rows from right to left."
		}
		g.begin(name, doc, "y []float32, x []uint8, rows, width, stride int", "")
		y, row, rows, columns, stride := g.Pointer("y"), g.Pointer("x"), g.Integer("rows"), g.Integer("width"), g.Integer("stride")
		full, at, n, step := g.Constant(255), g.General(), g.General(), 8
		if reversed {
			g.Op("ADD R%d, R%d, R%d", columns, row, row)
			g.Op("SUB $8, R%d", row)
			step = -8
		}
		g.loop(rows, func() {
			g.Op("MOVD R%d, R%d", row, at)
			g.Op("MOVD R%d, R%d", columns, n)
			g.whole(n, []R{y, at}, []int{2 * bytes, step}, func() {
				v := g.Vector()
				g.Load("d", v, at, 0)
				v = g.two("ushll", v)
				for i, half := range []V{g.two("ushll.4s", v), g.two("ushll2.4s", v)} {
					q := g.div(g.two("ucvtf", half), full)
					if reversed {
						q = g.two("rev64", q)
						g.Extract(q, q, q, 8)
						i = 1 - i
					}
					g.Store("q", q, y, i*bytes)
				}
			})
			g.Op("ADD R%d, R%d, R%d", stride, row, row)
		})
		g.End()
	}
}
