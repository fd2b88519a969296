package norm

import (
	"fmt"
	"math"
	"testing"

	"multiscale/pkg/kernel"
	. "multiscale/pkg/kernel/pointwise/kerneltest"
)

// rounding bounds the error of a float32 kernel against float64: some units of
// 2^-24 = 6e-8, as in the reference cases.
const rounding = 1e-6

const eps = 1e-5

type affine struct{ gamma, beta []float32 }

// forward64 computes Forward by its definition, in float64.
func forward64(x, gamma, beta []float64, s Shape, act kernel.Activation) []float64 {
	y := make([]float64, len(x))
	size := s.C / s.Groups * s.HW
	for g := range s.N * s.Groups {
		group := x[g*size : (g+1)*size]
		var mean, variance float64
		for _, v := range group {
			mean += v / float64(size)
		}
		for _, v := range group {
			variance += (v - mean) * (v - mean) / float64(size)
		}
		for i, v := range group {
			c := (g*size + i) / s.HW % s.C
			u := (v - mean) / math.Sqrt(variance+eps)
			if gamma != nil {
				u *= gamma[c]
			}
			if beta != nil {
				u += beta[c]
			}
			y[g*size+i] = activate64(u, act)
		}
	}
	return y
}

func activate64(u float64, act kernel.Activation) float64 {
	switch act.Kind {
	case kernel.ReLU:
		return max(u, 0)
	case kernel.LeakyReLU:
		if u < 0 {
			u *= float64(act.Slope)
		}
	case kernel.SiLU:
		return u / (1 + math.Exp(-u))
	case kernel.Tanh:
		return math.Tanh(u)
	}
	return u
}

var activations = []kernel.Activation{
	{}, {Kind: kernel.ReLU}, {Kind: kernel.LeakyReLU, Slope: 0.2}, {Kind: kernel.SiLU}, {Kind: kernel.Tanh},
}

func wideOrNil(x []float32) []float64 {
	if x == nil {
		return nil
	}
	return Wide(x)
}

// shapes covers whole groups, batches of several groups, rows whose width is not a
// multiple of a vector, and groups that are split into parts.
var shapes = []Shape{
	{2, 32, 64, 16}, {3, 8, 35, 4}, {2, 16, 9, 16}, {1, 4, 1, 2}, {2, 6, 48, 1}, {5, 3, 7, 3}, {1, 5, 5000, 1}, {2, 48, 900, 2},
}

func TestForward(t *testing.T) {
	for _, s := range shapes {
		for _, act := range activations {
			for _, p := range []affine{{}, {Noise(2, s.C), Noise(3, s.C)}, {nil, Noise(3, s.C)}, {Noise(2, s.C), nil}} {
				t.Run(fmt.Sprint(s, act.Kind, p.gamma != nil, p.beta != nil), func(t *testing.T) {
					x, y := Noise(1, s.size()), make([]float32, s.size())
					stats := make([]float32, 2*s.N*s.Groups)
					Forward(y, x, p.gamma, p.beta, s, eps, act, stats[:s.N*s.Groups], stats[s.N*s.Groups:])
					Close(t, "y", y, forward64(Wide(x), wideOrNil(p.gamma), wideOrNil(p.beta), s, act), rounding)
				})
			}
		}
	}
}

// TestLargeMean has a mean of 1000 deviations. Sums of squares in float32 would be too
// inaccurate for the variance.
func TestLargeMean(t *testing.T) {
	s := Shape{2, 4, 4096, 2}
	x, y, stats := Noise(1, s.size()), make([]float32, s.size()), make([]float32, 8)
	for i := range x {
		x[i] = 3 + 0.003*x[i]
	}
	Forward(y, x, nil, nil, s, eps, kernel.Activation{}, stats[:4], stats[4:])
	Close(t, "y", y, forward64(Wide(x), nil, nil, s, kernel.Activation{}), rounding)
}

func TestBackward(t *testing.T) {
	for _, s := range []Shape{{2, 6, 10, 3}, {2, 4, 21, 1}, {1, 4, 17, 4}} {
		for _, act := range activations {
			for _, p := range []affine{{}, {Noise(2, s.C), Noise(3, s.C)}, {nil, Noise(3, s.C)}} {
				t.Run(fmt.Sprint(s, act.Kind, p.gamma != nil, p.beta != nil), func(t *testing.T) {
					x, gy := Noise(1, s.size()), Noise(4, s.size())
					gx, gGamma, gBeta := backward(gy, x, p, s, act)
					f := func(x []float64) []float64 { return forward64(x, wideOrNil(p.gamma), wideOrNil(p.beta), s, act) }
					Close(t, "gx", gx, Gradient(f, Wide(x), Wide(gy)), 2*rounding)

					gamma, beta := p.gamma, p.beta
					if gamma == nil {
						gamma = ones(s.C)
					}
					if beta == nil {
						beta = make([]float32, s.C)
					}
					byGamma := func(v []float64) []float64 { return forward64(Wide(x), v, Wide(beta), s, act) }
					Close(t, "gGamma", gGamma, Gradient(byGamma, Wide(gamma), Wide(gy)), 2*rounding)
					byBeta := func(v []float64) []float64 { return forward64(Wide(x), Wide(gamma), v, s, act) }
					Close(t, "gBeta", gBeta, Gradient(byBeta, Wide(beta), Wide(gy)), 2*rounding)
				})
			}
		}
	}
}

func ones(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = 1
	}
	return x
}

// backward runs Forward and Backward.
func backward(gy, x []float32, p affine, s Shape, act kernel.Activation) (gx, gGamma, gBeta []float32) {
	mean, rstd := make([]float32, s.N*s.Groups), make([]float32, s.N*s.Groups)
	gx, gGamma, gBeta = make([]float32, s.size()), make([]float32, s.C), make([]float32, s.C)
	Forward(gx, x, p.gamma, p.beta, s, eps, act, mean, rstd)
	Backward(gx, gGamma, gBeta, gy, x, p.gamma, p.beta, s, act, mean, rstd)
	return gx, gGamma, gBeta
}

// TestSplit compares groups in parts, too large for differences, with the closed form in
// float64: one, and several that take turns.
func TestSplit(t *testing.T) {
	for _, s := range []Shape{{1, 6, 6000, 1}, {3, 6, 24000, 1}} {
		x, gy := Noise(1, s.size()), Noise(4, s.size())
		stats := make([]float32, 2*s.N)
		y := make([]float32, s.size())
		Forward(y, x, nil, nil, s, eps, kernel.Activation{}, stats[:s.N], stats[s.N:])
		Close(t, "y", y, forward64(Wide(x), nil, nil, s, kernel.Activation{}), rounding)
		gx, _, _ := backward(gy, x, affine{}, s, kernel.Activation{})
		var want []float64
		size := s.size() / s.N
		for g := range s.N {
			want = append(want, gradient64(x[g*size:][:size], gy[g*size:][:size])...)
		}
		Close(t, "gx", gx, want, rounding)
	}
}

// gradient64 is the gradient of a group without affine part and activation.
func gradient64(x, gy []float32) []float64 {
	n := float64(len(x))
	var mean, variance, plain, weighted float64
	for _, v := range x {
		mean += float64(v) / n
	}
	for _, v := range x {
		variance += (float64(v) - mean) * (float64(v) - mean) / n
	}
	rstd := 1 / math.Sqrt(variance+eps)
	for i, v := range x {
		plain += float64(gy[i]) / n
		weighted += float64(gy[i]) * (float64(v) - mean) * rstd / n
	}
	want := make([]float64, len(x))
	for i, v := range x {
		want[i] = rstd * (float64(gy[i]) - plain - (float64(v)-mean)*rstd*weighted)
	}
	return want
}

func TestSameOnAnyCores(t *testing.T) {
	for _, s := range []Shape{{2, 32, 400, 16}, {1, 8, 9000, 1}, {40, 16, 36, 4}} {
		SameOnAnyCores(t, func() []float32 {
			gx, gGamma, gBeta := backward(Noise(4, s.size()), Noise(1, s.size()), affine{Noise(2, s.C), Noise(3, s.C)}, s, activations[3])
			return append(append(gx, gGamma...), gBeta...)
		})
	}
}

func TestNoAllocations(t *testing.T) {
	s := Shape{4, 32, 1024, 16}
	x, gy, gx, gamma, stats := Noise(1, s.size()), Noise(2, s.size()), Noise(3, s.size()), Noise(4, s.C), make([]float32, 128)
	NoAllocations(t, func() {
		Forward(gx, x, gamma, gamma, s, eps, activations[3], stats[:64], stats[64:])
		Backward(gx, nil, nil, gy, x, gamma, gamma, s, activations[3], stats[:64], stats[64:])
	})
}

// The layers of the networks at 128x128 and 8x8.
var benchmarks = []struct {
	name string
	s    Shape
	act  kernel.Activation
}{
	{"group128", Shape{4, 32, 128 * 128, 16}, kernel.Activation{Kind: kernel.SiLU}},
	{"layer128", Shape{2, 128, 128 * 128, 1}, kernel.Activation{}},
	{"group8", Shape{64, 128, 8 * 8, 16}, kernel.Activation{Kind: kernel.SiLU}},
}

func BenchmarkForward(b *testing.B) {
	for _, c := range benchmarks {
		b.Run(c.name, func(b *testing.B) {
			x, y, gamma := Noise(1, c.s.size()), make([]float32, c.s.size()), ones(c.s.C)
			mean, rstd := make([]float32, c.s.N*c.s.Groups), make([]float32, c.s.N*c.s.Groups)
			b.SetBytes(int64(8 * c.s.size()))
			for b.Loop() {
				Forward(y, x, gamma, gamma, c.s, eps, c.act, mean, rstd)
			}
		})
	}
}

func BenchmarkBackward(b *testing.B) {
	for _, c := range benchmarks {
		b.Run(c.name, func(b *testing.B) {
			x, y, gx, gamma := Noise(1, c.s.size()), Noise(2, c.s.size()), make([]float32, c.s.size()), ones(c.s.C)
			gGamma, gBeta := make([]float32, c.s.C), make([]float32, c.s.C)
			mean, rstd := make([]float32, c.s.N*c.s.Groups), make([]float32, c.s.N*c.s.Groups)
			Forward(y, x, gamma, gamma, c.s, eps, c.act, mean, rstd)
			b.SetBytes(int64(12 * c.s.size()))
			for b.Loop() {
				Backward(gx, gGamma, gBeta, y, x, gamma, gamma, c.s, c.act, mean, rstd)
			}
		})
	}
}
