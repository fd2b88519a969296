package vector

import (
	"math"

	"multiscale/pkg/kernel/pointwise/vector/poly"
)

// lanes is the number of partial sums in the portable reductions. Several partial sums
// break the chain of dependent additions and have fewer terms each.
const lanes = 4

func momentsGeneric(x []float32) (sum, squares float64) {
	var s, q [lanes]float64
	n := len(x) &^ (lanes - 1)
	for i := 0; i < n; i += lanes {
		for k, v := range x[i : i+lanes : i+lanes] {
			d := float64(v)
			s[k&(lanes-1)] += d
			q[k&(lanes-1)] += float64(d * d)
		}
	}
	for _, v := range x[n:] {
		s[0] += float64(v)
		q[0] += float64(float64(v) * float64(v))
	}
	return s[0] + s[1] + (s[2] + s[3]), q[0] + q[1] + (q[2] + q[3])
}

func distanceGeneric(a, b []float32) float64 {
	var s [lanes]float64
	for i, v := range a {
		d := float64(v) - float64(b[i])
		s[i&(lanes-1)] += float64(d * d)
	}
	return s[0] + s[1] + (s[2] + s[3])
}

func leaky(x, slope float32) float32 { return max(x, 0) + float32(slope*min(x, 0)) }

func leakyGeneric(y, x []float32, slope float32) {
	for i, v := range x {
		y[i] = leaky(v, slope)
	}
}

func leakyGradGeneric(gx, gy, x []float32, slope float32) {
	for i, v := range x {
		g := gy[i]
		if !(v > 0) {
			g *= slope
		}
		gx[i] = g
	}
}

func siluGeneric(y, x []float32) {
	for i, v := range x {
		y[i] = v / (1 + exp(-v))
	}
}

// siluSlope returns s + u*s*(1-s) with s the sigmoid of u. It computes 1-s as exp(-u)*s,
// because the difference would suffer from cancellation.
func siluSlope(u float32) float32 {
	e := exp(-u)
	s := 1 / (1 + e)
	return s + float32(s*(u*(e*s)))
}

func siluGradGeneric(gx, gy, x []float32) {
	for i, v := range x {
		gx[i] = gy[i] * siluSlope(v)
	}
}

func tanhGeneric(y, x []float32) {
	for i, v := range x {
		y[i] = tanh(v)
	}
}

func tanhGradGeneric(gx, gy, t []float32) {
	for i, v := range t {
		gx[i] = gy[i] * (1 - float32(v*v))
	}
}

func axpyGeneric(y, x []float32, a float32) {
	for i, v := range x {
		y[i] += float32(a * v)
	}
}

func scaleGeneric(y, x []float32, a float32) {
	for i, v := range x {
		y[i] = a * v
	}
}

func addGeneric(y, a, b []float32) {
	for i, v := range a {
		y[i] = v + b[i]
	}
}

func subScaleGeneric(y, a, b []float32, s float32) {
	for i, v := range a {
		y[i] = s * (v - b[i])
	}
}

func addRowsGeneric(y, x, e []float32, width int) {
	for r, v := range e {
		yr := y[r*width:][:width]
		for i, u := range x[r*width:][:width] {
			yr[i] = u + v
		}
	}
}

func sumRowsGeneric(s, x []float32, width int) {
	for r := range s {
		sum, _ := momentsGeneric(x[r*width:][:width])
		s[r] = float32(sum)
	}
}

func finiteGeneric(x []float32) bool {
	const exponent = 0x7f800000
	for _, v := range x {
		if math.Float32bits(v)&exponent == exponent {
			return false
		}
	}
	return true
}

func affineGroupsGeneric(mean, scale, shift, gamma, beta []float32, first, rows int, means []float32, deviations []float64) {
	for i := range mean {
		group, g, b := i/rows, 1.0, 0.0
		if gamma != nil {
			g = float64(gamma[(first+i)%len(gamma)])
		}
		if beta != nil {
			b = float64(beta[(first+i)%len(beta)])
		}
		rstd, rest := deviations[2*group], deviations[2*group+1]
		mean[i] = means[group]
		scale[i] = float32(g * rstd)
		shift[i] = float32(b - float64(rest*g*rstd))
	}
}

func weighGroupsGeneric(totals, sums []float64, gamma []float32, first, rows int) {
	clear(totals)
	for i := range len(sums) / 2 {
		group, g := i/rows, 1.0
		if gamma != nil {
			g = float64(gamma[(first+i)%len(gamma)])
		}
		totals[2*group] += float64(g * sums[2*i])
		totals[2*group+1] += float64(g * sums[2*i+1])
	}
}

func repeatGeneric(y, x []float32, times int) {
	for i := range y {
		y[i] = x[i/times]
	}
}

func addPairsGeneric(total, sums []float64, stride int, factors []float32, step, samples int) {
	for i := 0; i+1 < len(total); i += 2 {
		one, two := sums[i], float64(sums[i+1]*float64(factors[0]))
		for n := 1; n < samples; n++ {
			one += sums[n*stride+i]
			two += float64(sums[n*stride+i+1] * float64(factors[n*step]))
		}
		total[i], total[i+1] = one, two
	}
}

func rowMomentsGeneric(sums []float64, x []float32, width int) {
	for r := range len(sums) / 2 {
		sums[2*r], sums[2*r+1] = momentsGeneric(x[r*width:][:width])
	}
}

func normalizeLeakyGeneric(y, x []float32, width int, mean, scale, shift []float32, slope float32) {
	for r, a := range scale {
		m, b := mean[r], shift[r]
		yr := y[r*width:][:width]
		for i, v := range x[r*width:][:width] {
			yr[i] = leaky(float32((v-m)*a)+b, slope)
		}
	}
}

func normalizeSiLUGeneric(y, x []float32, width int, mean, scale, shift []float32) {
	for r, a := range scale {
		m, b := mean[r], shift[r]
		yr := y[r*width:][:width]
		for i, v := range x[r*width:][:width] {
			u := float32((v-m)*a) + b
			yr[i] = u / (1 + exp(-u))
		}
	}
}

func normSumsLeakyGeneric(gy, x []float32, width int, mean, scale, shift []float32, slope float32, sums []float64) {
	for r, a := range scale {
		m, b, gr := mean[r], shift[r], gy[r*width:][:width]
		var s, q float64
		for i, v := range x[r*width:][:width] {
			d := v - m
			g := gr[i]
			if !(float32(d*a)+b > 0) {
				g *= slope
			}
			s += float64(g)
			q += float64(g * d)
		}
		sums[2*r], sums[2*r+1] = s, q
	}
}

func normSumsSiLUGeneric(gz, gy, x []float32, width int, mean, scale, shift []float32, sums []float64) {
	for r, a := range scale {
		m, b := mean[r], shift[r]
		zr, gr := gz[r*width:][:width], gy[r*width:][:width]
		var s, q float64
		for i, v := range x[r*width:][:width] {
			d := v - m
			g := gr[i] * siluSlope(float32(d*a)+b)
			zr[i] = g
			s += float64(g)
			q += float64(g * d)
		}
		sums[2*r], sums[2*r+1] = s, q
	}
}

func normGradLeakyGeneric(gx, gy, x []float32, width int, mean, scale, shift []float32, slope float32, tilt, offset []float32) {
	for r, a := range scale {
		m, b, t, o := mean[r], shift[r], tilt[r], offset[r]
		xr, gr := gx[r*width:][:width], gy[r*width:][:width]
		for i, v := range x[r*width:][:width] {
			d := v - m
			g := gr[i]
			if !(float32(d*a)+b > 0) {
				g *= slope
			}
			xr[i] = float32(a*g) + (float32(d*t) + o)
		}
	}
}

func maximumGeneric(x []float32) float32 {
	m := x[0]
	for _, v := range x[1:] {
		m = max(m, v)
	}
	return m
}

func expShiftGeneric(y, x []float32, a, b float32) float64 {
	var s [lanes]float64
	for i, v := range x {
		e := exp(float32(v*a) - b)
		y[i] = e
		s[i&(lanes-1)] += float64(e)
	}
	return s[0] + s[1] + (s[2] + s[3])
}

func dotGeneric(a, b []float32) float64 {
	var s [lanes]float64
	for i, v := range a {
		s[i&(lanes-1)] += float64(float64(v) * float64(b[i]))
	}
	return s[0] + s[1] + (s[2] + s[3])
}

func softGradGeneric(gx, gw, w []float32, shift, scale float32) {
	for i, v := range w {
		gx[i] = v * (gw[i] - shift) * scale
	}
}

func adamGeneric(p, g, m, v []float32, c *AdamConstants) {
	for i, d := range g {
		mi := float32(m[i]*c.Beta1) + float32(d*c.OneMinusBeta1)
		vi := float32(v[i]*c.Beta2) + float32(d*d*c.OneMinusBeta2)
		m[i], v[i] = mi, vi
		p[i] -= c.Rate * mi / (float32(float32(math.Sqrt(float64(vi)))*c.InverseRoot) + c.Epsilon)
	}
}

func momentumGeneric(p, g, v []float32, rate, momentum float32) {
	for i, d := range g {
		u := float32(momentum*v[i]) + d
		v[i] = u
		p[i] -= float32(rate * u)
	}
}

func dropoutGeneric(y, x []float32, counter uint64, threshold int16, scale float32) {
	for len(x) > 0 {
		h := Mix(counter)
		n := min(len(x), 4)
		for i, v := range x[:n] {
			if int16(h>>(16*i)) < threshold {
				v = 0
			}
			y[i] = v * scale
		}
		x, y = x[n:], y[n:]
		counter += poly.Golden
	}
}

// counter returns the number whose hash is that of a block.
func counter(seed, block uint64) uint64 { return seed + block*poly.Golden }

// Mix is a bijective hash of 64 bits: a change of any bit of the input changes each
// bit of the result with a probability of about one half (the finaliser of
// SplitMix64; Steele, Lea and Flood 2014).
func Mix(x uint64) uint64 {
	x = (x ^ x>>30) * poly.Mix1
	x = (x ^ x>>27) * poly.Mix2
	return x ^ x>>31
}

func mulGeneric(y, a, b []float32) {
	for i, v := range a {
		y[i] = v * b[i]
	}
}

func mulAddGeneric(y, a, b []float32) {
	for i, v := range a {
		y[i] += float32(v * b[i])
	}
}

func blendGeneric(y, a, b []float32, s, t float32) {
	for i, v := range a {
		y[i] = float32(s*v) + float32(t*b[i])
	}
}

func maxColumnsGeneric(m, x []float32, rows, step int) {
	for r := range rows {
		for i, v := range x[r*step:][:len(m)] {
			m[i] = max(m[i], v)
		}
	}
}

func expColumnsGeneric(x []float32, rows, step int, a float32, shift []float32, sums []float64) {
	for r := range rows {
		row := x[r*step:][:len(shift)]
		for i, v := range row {
			e := exp(float32(v*a) - shift[i])
			row[i] = e
			sums[i] += float64(e)
		}
	}
}

func softGradColumnsGeneric(gw, w []float32, rows, step int, shift, scale []float32) {
	for r := range rows {
		row := gw[r*step:][:len(shift)]
		for i, v := range w[r*step:][:len(shift)] {
			row[i] = v * (row[i] - shift[i]) * scale[i]
		}
	}
}

func mulColumnsGeneric(y []float32, yStep int, x []float32, rows, step int, factor []float32) {
	for r := range rows {
		row := y[r*yStep:][:len(factor)]
		for i, v := range x[r*step:][:len(factor)] {
			row[i] = v * factor[i]
		}
	}
}
