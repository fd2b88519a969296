package main

import "multiscale/pkg/kernel/pointwise/vector/poly"

// exponential holds the constants of exp(x), as exp in package vector.
type exponential struct {
	generator
	low, top, log2e, round, high, less, one V
	coefficients                            []V
}

func (g generator) exponential() exponential {
	e := exponential{generator: g, low: g.Constant(poly.ExpMin), top: g.Constant(poly.ExpMax), log2e: g.Constant(poly.Log2E),
		round: g.Constant(poly.Round), high: g.Constant(poly.Ln2Hi), less: g.Constant(poly.Ln2Lo), one: g.Constant(1)}
	for _, c := range poly.Exp {
		e.coefficients = append(e.coefficients, g.Constant(float64(c)))
	}
	return e
}

// horner evaluates a polynomial in x, highest power first.
func (g generator) horner(coefficients []V, x V) V {
	p, q := g.copyOf(coefficients[0]), g.Vector()
	for _, c := range coefficients[1:] {
		g.Move(q, c)
		g.Three("fmla", s4, q, p, x)
		p, q = q, p
	}
	return p
}

// of returns exp(x), or NaN for a NaN.
func (e exponential) of(x V) V {
	y := e.Vector()
	defer e.Release(e.Mark())
	x = e.three("fmax", s4, x, e.low)
	e.Three("fmin", s4, x, x, e.top)
	t := e.plus(e.round, e.log2e, x)
	n := e.sub(t, e.round)
	e.Three("fmls", s4, x, e.high, n)
	e.Three("fmls", s4, x, e.less, n)
	p := e.horner(e.coefficients, x)
	e.Three("fmul", s4, n, x, x)
	e.Three("fmla", s4, x, p, n)
	e.Three("fadd", s4, x, x, e.one)
	e.ShiftLeft(t, t, 23) // moves n to the exponent bits
	e.Three("add", s4, y, x, t)
	return y
}

// silu returns u/(1+exp(-u)).
func (e exponential) silu(u V) V { return e.div(u, e.add(e.one, e.of(e.two("fneg", u)))) }

// siluSlope returns s + s*u*(1-s) with s the sigmoid of u and 1-s as exp(-u)*s.
func (e exponential) siluSlope(u V) V {
	x := e.of(e.two("fneg", u))
	s := e.div(e.one, e.add(e.one, x))
	return e.plus(s, s, e.mul(u, e.mul(s, x)))
}

// tangent holds the constants of tanh, and those of the exponential that it uses.
type tangent struct {
	exponential
	split, sign  V
	coefficients []V
}

func (g generator) tangent() tangent {
	t := tangent{exponential: g.exponential(), split: g.Constant(poly.TanhSplit), sign: g.Bits(0x80000000)}
	for _, c := range poly.Tanh {
		t.coefficients = append(t.coefficients, g.Constant(float64(c)))
	}
	return t
}

// tanh selects a polynomial for small |x|, and 1 - 2/(exp(2|x|)+1) with the sign of x
// otherwise.
func (t tangent) tanh(x V) V {
	magnitude, r := t.two("fabs", x), t.Vector()
	mark := t.Mark()
	q := t.add(t.one, t.of(t.add(magnitude, magnitude)))
	q = t.div(t.add(t.one, t.one), q)
	t.Three("fsub", s4, r, t.one, q)
	t.Bitwise("orr", r, r, t.bitwise("and", x, t.sign))
	t.Release(mark)
	z := t.mul(x, x)
	p := t.horner(t.coefficients, z)
	t.Three("fmul", s4, p, z, p)
	p = t.plus(x, x, p)
	t.Bitwise("bit", r, p, t.three("fcmgt", s4, t.split, magnitude)) // false for a NaN
	return r
}

// leaky holds the constants of max(x,0) + slope*min(x,0).
type leaky struct {
	generator
	slope, none, one V
}

func (g generator) leaky() leaky { return leaky{g, g.Scalar("slope"), g.zero(), g.Constant(1)} }

// unit returns max(x,0) + slope*min(x,0).
func (l leaky) unit(x V) V {
	return l.plus(l.three("fmax", s4, x, l.none), l.slope, l.three("fmin", s4, x, l.none))
}

// factor returns 1 where x > 0 and the slope elsewhere.
func (l leaky) factor(x V) V {
	positive := l.three("fcmgt", s4, x, l.none)
	l.Bitwise("bsl", positive, l.one, l.slope)
	return positive
}

func (g generator) activations() {
	g.each("leaky", ", slope float32", "writes max(x,0) + slope*min(x,0).", []string{"x"}, 4, func() func([]V) V {
		l := g.leaky()
		return func(in []V) V { return l.unit(in[0]) }
	})
	g.each("leakyGrad", ", slope float32", "writes gy, times slope where x is not positive.", []string{"gy", "x"}, 4, func() func([]V) V {
		l := g.leaky()
		return func(in []V) V { return g.mul(in[0], l.factor(in[1])) }
	})
	g.each("silu", "", "writes x/(1+exp(-x)).", []string{"x"}, 2, func() func([]V) V {
		e := g.exponential()
		return func(in []V) V { return e.silu(in[0]) }
	})
	g.each("siluGrad", "", "writes gy times the slope of SiLU at x.", []string{"gy", "x"}, 2, func() func([]V) V {
		e := g.exponential()
		return func(in []V) V { return g.mul(in[0], e.siluSlope(in[1])) }
	})
	g.each("tanh", "", "writes tanh(x).", []string{"x"}, 1, func() func([]V) V {
		t := g.tangent()
		return func(in []V) V { return t.tanh(in[0]) }
	})
	g.each("tanhGrad", "", "writes gy times the slope of tanh where it is t.", []string{"gy", "t"}, 2, func() func([]V) V {
		one := g.Constant(1)
		return func(in []V) V { return g.mul(in[0], g.minus(one, in[1], in[1])) }
	})
}
