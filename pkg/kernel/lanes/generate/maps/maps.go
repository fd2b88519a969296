// Package maps defines the linear maps of package lanes for the generators of all
// instruction sets.
package maps

import "math"

// pointA and pointB are the interpolation points of package lanes, which are 0, ±A, ±B and
// infinity. A test of lanes compares the assembly with the portable code.
const (
	pointA = 0.625
	pointB = 1.5
	a2, b2 = pointA * pointA, pointB * pointB
)

// Algebra is the set of instructions that maps of vectors V consist of.
type Algebra[V any] interface {
	Sum(a, b V) V
	Difference(a, b V) V
	Times(c float64, a V) V
	Plus(a V, c float64, b V) V // a + c*b
}

// Map is a linear map of a row of In vectors to Out vectors.
type Map[V any] struct {
	Name    string
	In, Out int
	Do      func(s Algebra[V], d []V) []V
}

// All returns the maps of Winograd's algorithm F(4x4, 3x3) and its gradients, and those of
// the algorithm for images of 2x2 pixels.
func All[V any]() []Map[V] {
	type algebra = Algebra[V]
	return []Map[V]{
		{"input", 6, 6, input[V]},
		{"output", 6, 4, func(s algebra, d []V) []V { return interpolate(s, d, 4) }},
		{"weight", 6, 3, func(s algebra, d []V) []V { return interpolate(s, d, 3) }},
		{"filter", 3, 6, evaluate[V]},
		{"gradient", 4, 6, evaluate[V]},
		{"smallInput", 2, 3, func(s algebra, x []V) []V { return []V{x[0], s.Sum(x[0], x[1]), x[1]} }},
		{"smallOutput", 3, 2, func(s algebra, m []V) []V { return []V{s.Sum(m[1], m[2]), s.Sum(m[1], m[0])} }},
		{"smallWeight", 3, 3, func(s algebra, m []V) []V {
			return []V{m[0], s.Difference(s.Difference(m[1], m[0]), m[2]), m[2]}
		}},
		{"smallFilter", 3, 3, func(s algebra, g []V) []V {
			return []V{s.Difference(g[0], g[1]), g[1], s.Difference(g[2], g[1])}
		}},
		{"smallGradient", 2, 3, func(s algebra, y []V) []V { return []V{y[1], s.Sum(y[0], y[1]), y[0]} }},
	}
}

func input[V any](s Algebra[V], d []V) []V {
	first := s.Plus(s.Plus(d[4], -(a2+b2), d[2]), a2*b2, d[0])
	last := s.Plus(s.Plus(d[5], -(a2+b2), d[3]), a2*b2, d[1])
	pa, ma := pair(s, s.Plus(d[4], -b2, d[2]), pointA, s.Plus(d[3], -b2, d[1]))
	pb, mb := pair(s, s.Plus(d[4], -a2, d[2]), pointB, s.Plus(d[3], -a2, d[1]))
	return []V{first, pa, ma, pb, mb, last}
}

// interpolate returns out[k] = sum of p^k*d[p] over the points p, for k < n. The point at
// infinity contributes to the highest power only.
func interpolate[V any](s Algebra[V], d []V, n int) []V {
	sa, da := s.Sum(d[1], d[2]), s.Difference(d[1], d[2])
	sb, db := s.Sum(d[3], d[4]), s.Difference(d[3], d[4])
	out := make([]V, n)
	out[0] = s.Sum(s.Sum(d[0], sa), sb)
	for k := 1; k < n; k++ {
		va, vb := sa, sb
		if k%2 == 1 {
			va, vb = da, db
		}
		if k == n-1 {
			out[k] = s.Plus(d[5], math.Pow(pointA, float64(k)), va)
		} else {
			out[k] = s.Times(math.Pow(pointA, float64(k)), va)
		}
		out[k] = s.Plus(out[k], math.Pow(pointB, float64(k)), vb)
	}
	return out
}

// evaluate returns the values of the polynomial with coefficients g at the points. Each is
// divided by the product of the distances from its point to the others.
func evaluate[V any](s Algebra[V], g []V) []V {
	value := func(p2, p, scale float64) (plus, minus V) {
		even := s.Plus(s.Times(scale, g[0]), scale*p2, g[2])
		odd := g[1]
		if len(g) == 4 {
			odd = s.Plus(g[1], p2, g[3])
		}
		return pair(s, even, scale*p, odd)
	}
	first := s.Times(1/(a2*b2), g[0])
	pa, ma := value(a2, pointA, 1/(2*a2*(a2-b2)))
	pb, mb := value(b2, pointB, 1/(2*b2*(b2-a2)))
	return []V{first, pa, ma, pb, mb, g[len(g)-1]}
}

// pair returns a + c*b and a - c*b.
func pair[V any](s Algebra[V], a V, c float64, b V) (plus, minus V) {
	return s.Plus(a, c, b), s.Plus(a, -c, b)
}
