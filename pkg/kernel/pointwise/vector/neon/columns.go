package main

// matrix is a slice with several rows, with their distance in bytes.
type matrix struct{ at, step R }

// rowsOf loads a slice and the distance of its rows.
func (g generator) rowsOf(name, step string) matrix {
	m := matrix{g.Pointer(name), g.Integer(step)}
	g.Op("LSL $2, R%d, R%d", m.step, m.step)
	return m
}

// eachColumn loops over n columns, vector by vector; n is a multiple of 4 and not 0. For each
// vector of columns, begin writes the code before its rows and returns a function that writes
// the code for a row, and end writes the code after the rows. from are the matrices, vectors
// the pointers that begin and end use. These are moved by their sizes after each vector of
// columns.
func (g generator) eachColumn(n R, from []matrix, vectors []R, sizes []int, begin func() func(at []R), end func()) {
	rows := g.Integer("rows")
	g.Op("LSR $2, R%d, R%d", n, n)
	g.loop(n, func() {
		left, at := g.General(), make([]R, len(from))
		g.Op("MOVD R%d, R%d", rows, left)
		for i, m := range from {
			at[i] = g.General()
			g.Op("MOVD R%d, R%d", m.at, at[i])
		}
		body := begin()
		g.loop(left, func() {
			body(at)
			for i, m := range from {
				g.Op("ADD R%d, R%d, R%d", m.step, at[i], at[i])
			}
		})
		end()
		for _, m := range from {
			g.advance([]R{m.at}, bytes)
		}
		for i, p := range vectors {
			g.advance([]R{p}, sizes[i])
		}
	})
}

// columns has the loops of a softmax along columns.
func (g generator) columns() {
	g.begin("maxColumns", "raises m to the largest element of each column.", "m, x []float32, rows, step int", "")
	m, n := g.Pointer("m"), g.Length("m")
	x := g.rowsOf("x", "step")
	most := g.Vector()
	g.eachColumn(n, []matrix{x}, []R{m}, []int{bytes}, func() func([]R) {
		g.Load("q", most, m, 0)
		return func(at []R) { g.Three("fmax", s4, most, most, g.load(at[0], 0)) }
	}, func() { g.Store("q", most, m, 0) })
	g.End()

	g.begin("expColumns", "writes exp(a*x-shift) and adds it up by columns.", "x []float32, rows, step int, a float32, shift []float32, sums []float64", "")
	x = g.rowsOf("x", "step")
	shift, sums := g.Pointer("shift"), g.Pointer("sums")
	n = g.Length("shift")
	a, e := g.Scalar("a"), g.exponential()
	b, low, high := g.Vector(), g.Vector(), g.Vector()
	g.eachColumn(n, []matrix{x}, []R{shift, sums}, []int{bytes, 2 * bytes}, func() func([]R) {
		g.Load("q", b, shift, 0)
		g.Two("fneg", b, b)
		g.Load("q", low, sums, 0)
		g.Load("q", high, sums, bytes)
		return func(at []R) {
			v := e.of(g.plus(b, a, g.load(at[0], 0)))
			g.Store("q", v, at[0], 0)
			h := g.halves(v)
			g.Three("fadd", d2, low, low, h[0])
			g.Three("fadd", d2, high, high, h[1])
		}
	}, func() {
		g.Store("q", low, sums, 0)
		g.Store("q", high, sums, bytes)
	})
	g.End()

	g.begin("softGradColumns", "writes w*(gw-shift)*scale, column by column.", "gw, w []float32, rows, step int, shift, scale []float32", "")
	gw := g.rowsOf("gw", "step")
	w := matrix{g.Pointer("w"), gw.step}
	shift, scale := g.Pointer("shift"), g.Pointer("scale")
	n = g.Length("shift")
	by, factor := g.Vector(), g.Vector()
	g.eachColumn(n, []matrix{gw, w}, []R{shift, scale}, []int{bytes, bytes}, func() func([]R) {
		g.Load("q", by, shift, 0)
		g.Load("q", factor, scale, 0)
		return func(at []R) {
			g.Store("q", g.mul(factor, g.mul(g.load(at[1], 0), g.sub(g.load(at[0], 0), by))), at[0], 0)
		}
	}, func() {})
	g.End()

	g.begin("mulColumns", "writes x times the factor of its column.", "y []float32, yStep int, x []float32, rows, step int, factor []float32", "")
	y := g.rowsOf("y", "yStep")
	x = g.rowsOf("x", "step")
	f := g.Pointer("factor")
	n = g.Length("factor")
	times := g.Vector()
	g.eachColumn(n, []matrix{y, x}, []R{f}, []int{bytes}, func() func([]R) {
		g.Load("q", times, f, 0)
		return func(at []R) { g.Store("q", g.mul(times, g.load(at[1], 0)), at[0], 0) }
	}, func() {})
	g.End()
}
