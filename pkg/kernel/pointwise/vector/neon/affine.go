package main

// affine has the loops of a normalisation over rows instead of pixels.
func (g generator) affine() {
	g.affineGroups()
	g.weighGroups()
	g.repeat()
	g.addPairs()
}

// double loads a float32 as a float64, in lane 0.
func (g generator) double(base R) V {
	v := g.Vector()
	g.Load("s", v, base, 0)
	return g.two("fcvtl", v)
}

// indexed returns base + 4*index.
func (g generator) indexed(base, index R) R {
	r := g.General()
	g.Op("ADD R%d<<2, R%d, R%d", index, base, r)
	return r
}

func (g generator) affineGroups() {
	g.begin("affineGroups", "writes for every row of groups the mean, gamma*rstd and beta - rest*gamma*rstd, computed in float64.",
		"mean, scale, shift, gamma, beta []float32, first, rows int, means []float32, deviations []float64", "")
	mean, scale, shift, gamma, beta := g.Pointer("mean"), g.Pointer("scale"), g.Pointer("shift"), g.Pointer("gamma"), g.Pointer("beta")
	means, deviations := g.Pointer("means"), g.Pointer("deviations")
	m, rstd, rest := g.Vector(), g.Vector(), g.Vector()
	g.eachGroup(g.Length("means"), func() {
		g.Load("s", m, means, 0)
		g.Load("d", rstd, deviations, 0)
		g.Load("d", rest, deviations, 8)
		g.Op("ADD $4, R%d", means)
		g.Op("ADD $16, R%d", deviations)
	}, func(channel R) {
		factor, b := g.double(g.indexed(gamma, channel)), g.double(g.indexed(beta, channel))
		left := g.three("fmul", d2, g.three("fmul", d2, rest, factor), rstd)
		g.Store("s", m, mean, 0)
		g.Store("s", g.two("fcvtn", g.three("fmul", d2, factor, rstd)), scale, 0)
		g.Store("s", g.two("fcvtn", g.three("fsub", d2, b, left)), shift, 0)
		g.advance([]R{mean, scale, shift}, 4)
	}, func() {})
	g.End()
}

func (g generator) weighGroups() {
	g.begin("weighGroups", "adds up pairs of sums of the rows of groups, each times its gamma.", "totals, sums []float64, gamma []float32, first, rows int", "")
	totals, sums, gamma := g.Pointer("totals"), g.Pointer("sums"), g.Pointer("gamma")
	total, groups := g.Vector(), g.Length("totals")
	g.Op("LSR $1, R%d, R%d", groups, groups)
	g.eachGroup(groups, func() { g.Zero(total) }, func(channel R) {
		factor := g.double(g.indexed(gamma, channel))
		g.DuplicateElement(d2, factor, factor, 0)
		g.Three("fadd", d2, total, total, g.three("fmul", d2, factor, g.load(sums, 0)))
		g.Op("ADD $16, R%d", sums)
	}, func() {
		g.Store("q", total, totals, 0)
		g.Op("ADD $16, R%d", totals)
	})
	g.End()
}

// eachGroup loops over the rows of groups. begin writes the code before the rows of a group,
// row the code for one row, and end the code after the rows. The last channel of gamma is
// followed by channel 0.
func (g generator) eachGroup(groups R, begin func(), row func(channel R), end func()) {
	channel, channels, rows, left := g.Integer("first"), g.Length("gamma"), g.Integer("rows"), g.General()
	g.loop(groups, func() {
		begin()
		g.Op("MOVD R%d, R%d", rows, left)
		g.loop(left, func() {
			row(channel)
			g.Op("ADD $1, R%d", channel)
		})
		end()
		g.Op("CMP R%d, R%d", channels, channel)
		g.Op("CSEL GE, ZR, R%d, R%d", channel, channel)
	})
}

func (g generator) repeat() {
	g.begin("repeat", "writes every element of x several times.", "y, x []float32, times int", "")
	y, x, n, times, left := g.Pointer("y"), g.Pointer("x"), g.Length("x"), g.Integer("times"), g.General()
	g.loop(n, func() {
		v := g.next(x)
		g.Op("MOVD R%d, R%d", times, left)
		g.span(left, 1, []R{y}, func(s part) { g.write(s, v, y) })
	})
	g.End()
}

func (g generator) addPairs() {
	g.begin("addPairs", "adds up the pairs of all samples, the second of each times its factor; there is at least one pair and sample.",
		"total, sums []float64, stride int, factors []float32, step, samples int", "")
	total, sums, pairs := g.Pointer("total"), g.Pointer("sums"), g.Length("total")
	stride, factors, step, samples := g.Integer("stride"), g.Pointer("factors"), g.Integer("step"), g.Integer("samples")
	g.Op("LSR $1, R%d, R%d", pairs, pairs)
	g.Op("LSL $3, R%d, R%d", stride, stride)
	g.Op("LSL $2, R%d, R%d", step, step)
	from, by, left, one, ones := g.General(), g.General(), g.General(), g.General(), g.Vector()
	g.Op("MOVD $0x3ff0000000000000, R%d", one)
	g.Duplicate(d2, ones, one)
	// weighed returns the current pair of the current sample, times its factor.
	weighed := func() V { return g.three("fmul", d2, g.three("zip1", d2, ones, g.double(by)), g.load(from, 0)) }
	g.loop(pairs, func() {
		last := g.Label("last")
		g.Op("MOVD R%d, R%d", sums, from)
		g.Op("MOVD R%d, R%d", factors, by)
		sum := weighed()
		g.Op("SUBS $1, R%d, R%d", samples, left)
		g.Op("BEQ %s", last)
		g.loop(left, func() {
			g.Op("ADD R%d, R%d, R%d", stride, from, from)
			g.Op("ADD R%d, R%d, R%d", step, by, by)
			g.Three("fadd", d2, sum, sum, weighed())
		})
		g.Place(last)
		g.Store("q", sum, total, 0)
		g.advance([]R{sums, total}, 16)
	})
	g.End()
}
