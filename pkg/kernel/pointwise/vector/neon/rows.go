package main

// eachRow repeats body for every row. n is a register with the width of a row, which body may
// change. rows is the number of rows, at least 1; the loop changes the register.
func (g generator) eachRow(rows R, body func(n R)) {
	columns, n := g.Integer("width"), g.General()
	g.loop(rows, func() {
		g.Op("MOVD R%d, R%d", columns, n)
		body(n)
	})
}

// next fills a vector with the float32 at p and moves p behind it.
func (g generator) next(p R) V {
	v := g.Vector()
	g.LoadAll(s4, v, p)
	g.Op("ADD $4, R%d", p)
	return v
}

func (g generator) rows() {
	g.begin("addRows", "adds e[r] to row r of x.", "y, x, e []float32, width int", "")
	y, x, e := g.Pointer("y"), g.Pointer("x"), g.Pointer("e")
	g.eachRow(g.Length("e"), func(n R) {
		v := g.next(e)
		g.span(n, 4, []R{y, x}, func(s part) { g.write(s, g.add(v, g.read(s, x)), y) })
	})
	g.End()

	g.begin("sumRows", "writes the sum of each row of x.", "s, x []float32, width int", "")
	out, x := g.Pointer("s"), g.Pointer("x")
	g.eachRow(g.Length("s"), func(n R) {
		sums := g.zeros(4)
		g.span(n, 2, []R{x}, func(s part) {
			for half, v := range g.halves(g.read(s, x)) {
				g.Three("fadd", d2, sums[2*s.u+half], sums[2*s.u+half], v)
			}
		})
		g.Store("s", g.two("fcvtn", g.sum(sums)), out, 0)
		g.Op("ADD $4, R%d", out)
	})
	g.End()

	g.begin("rowMoments", "writes the sums of x and of x^2 for each row.", "sums []float64, x []float32, width int", "")
	out, x = g.Pointer("sums"), g.Pointer("x")
	rows := g.Length("sums")
	g.Op("LSR $1, R%d, R%d", rows, rows)
	g.eachRow(rows, func(n R) {
		plain, squares := g.zeros(4), g.zeros(4)
		g.span(n, 2, []R{x}, func(s part) {
			for half, v := range g.halves(g.read(s, x)) {
				g.Three("fadd", d2, plain[2*s.u+half], plain[2*s.u+half], v)
				g.Three("fmla", d2, squares[2*s.u+half], v, v)
			}
		})
		g.Store("d", g.sum(plain), out, 0)
		g.Store("d", g.sum(squares), out, 8)
		g.Op("ADD $16, R%d", out)
	})
	g.End()
}

// normUnit is one of the activations that may follow a normalisation.
type normUnit struct {
	name, parameters string
	cheap            bool // the slope is cheap to compute
	prepare          func(g generator) (value, slope func(u V) V)
}

var normUnits = []normUnit{
	{"Leaky", ", slope float32", true, func(g generator) (value, slope func(u V) V) {
		l := g.leaky()
		return l.unit, l.factor
	}},
	{"SiLU", "", false, func(g generator) (value, slope func(u V) V) {
		e := g.exponential()
		return e.silu, e.siluSlope
	}},
}

func (g generator) norms() {
	for _, unit := range normUnits {
		g.normalize(unit)
		g.normSums(unit)
	}
	g.normGrad()
}

// normalize writes the activation of (x-mean[r])*scale[r] + shift[r].
func (g generator) normalize(unit normUnit) {
	g.begin("normalize"+unit.name, "normalises rows, with the activation.", "y, x []float32, width int, mean, scale, shift []float32"+unit.parameters, "")
	y, x, mean, scale, shift := g.Pointer("y"), g.Pointer("x"), g.Pointer("mean"), g.Pointer("scale"), g.Pointer("shift")
	value, _ := unit.prepare(g)
	g.eachRow(g.Length("scale"), func(n R) {
		m, a, b := g.next(mean), g.next(scale), g.next(shift)
		g.span(n, 2, []R{y, x}, func(s part) { g.write(s, value(g.plus(b, g.sub(g.read(s, x), m), a)), y) })
	})
	g.End()
}

// sumBlock is the number of elements that are summed in float32, 64 in each lane of two
// vectors, before their sum is added to a float64.
const sumBlock = 512

// normSums writes, for each row, the two sums of the gradient before the activation. If this
// gradient is expensive to compute, it writes the gradient, too.
func (g generator) normSums(unit normUnit) {
	gz, doc := "gz, ", "takes the activation off a gradient and sums it by rows."
	if unit.cheap {
		gz, doc = "", "sums a gradient, with the activation taken off, by rows."
	}
	g.begin("normSums"+unit.name, doc, gz+"gy, x []float32, width int, mean, scale, shift []float32"+unit.parameters+", sums []float64", "")
	gy, x := g.Pointer("gy"), g.Pointer("x")
	pointers := []R{gy, x}
	if !unit.cheap {
		pointers = append(pointers, g.Pointer("gz"))
	}
	mean, scale, shift, sums := g.Pointer("mean"), g.Pointer("scale"), g.Pointer("shift"), g.Pointer("sums")
	_, slope := unit.prepare(g)
	plain, weighted := g.Vectors(2), g.Vectors(2)
	total := g.Vector()
	n := g.General()
	g.eachRow(g.Length("scale"), func(left R) {
		m, a, b := g.next(mean), g.next(scale), g.next(shift)
		g.Zero(total)
		block, last := g.Label("block"), g.Label("last")
		g.Place(block)
		g.Op("MOVD $%d, R%d", sumBlock, n)
		g.Op("CMP R%d, R%d", left, n)
		g.Op("CSEL LT, R%d, R%d, R%d", n, left, n)
		g.Op("SUB R%d, R%d, R%d", n, left, left)
		for i := range plain {
			g.Zero(plain[i])
			g.Zero(weighted[i])
		}
		g.span(n, 2, pointers, func(s part) {
			d := g.read(s, x)
			g.Three("fsub", s4, d, d, m)
			if s.tail {
				g.First(d, d)
			}
			v := slope(g.plus(b, d, a))
			g.Three("fmul", s4, v, g.read(s, gy), v)
			if !unit.cheap {
				g.write(s, v, pointers[2])
			}
			g.Three("fadd", s4, plain[s.u], plain[s.u], v)
			g.Three("fmla", s4, weighted[s.u], v, d)
		})
		mark, sum := g.Mark(), [2]V{}
		for i, v := range [][]V{plain, weighted} {
			g.Three("fadd", s4, v[0], v[0], v[1])
			h := g.halves(v[0])
			g.Three("fadd", d2, h[0], h[0], h[1])
			sum[i] = h[0]
		}
		g.Three("fadd", d2, total, total, g.three("faddp", d2, sum[0], sum[1]))
		g.Release(mark)
		g.Op("CBZ R%d, %s", left, last)
		g.Op("B %s", block)
		g.Place(last)
		g.Store("q", total, sums, 0)
		g.Op("ADD $16, R%d", sums)
	})
	g.End()
}

// normGrad writes the gradient of a normalisation from the sums over its group.
func (g generator) normGrad() {
	g.begin("normGradLeaky", "writes scale[r]*gz + (x-mean[r])*tilt[r] + offset[r], with gz = gy times the slope of the activation.",
		"gx, gy, x []float32, width int, mean, scale, shift []float32, slope float32, tilt, offset []float32", "")
	gx, gy, x := g.Pointer("gx"), g.Pointer("gy"), g.Pointer("x")
	mean, scale, shift, tilt, offset := g.Pointer("mean"), g.Pointer("scale"), g.Pointer("shift"), g.Pointer("tilt"), g.Pointer("offset")
	_, slope := normUnits[0].prepare(g)
	g.eachRow(g.Length("scale"), func(n R) {
		m, a, b, t, o := g.next(mean), g.next(scale), g.next(shift), g.next(tilt), g.next(offset)
		g.span(n, 2, []R{gx, gy, x}, func(s part) {
			d := g.sub(g.read(s, x), m)
			v := g.mul(g.read(s, gy), slope(g.plus(b, d, a)))
			g.write(s, g.plus(g.plus(o, d, t), v, a), gx)
		})
	})
	g.End()
}
