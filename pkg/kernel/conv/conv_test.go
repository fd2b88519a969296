package conv

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"multiscale/pkg/kernel"
	"multiscale/pkg/kernel/lanes"
)

// tolerance is the largest relative L2 error against a float64 reference. Rounding of
// float32 sums causes 1e-7 to 5e-7, a misplaced element at least 1e-2.
const tolerance = 2e-6

func random(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

// sums64 holds sums of many products, in float64, and the sums of the squared products.
// The latter are the expected squares of the sums; they stay large if the products of a
// sum happen to cancel.
type sums64 struct{ value, square []float64 }

func newSums(n int) sums64 { return sums64{make([]float64, n), make([]float64, n)} }

func (s sums64) add(i int, v float64) {
	s.value[i] += v
	s.square[i] += v * v
}

// relative returns the L2 norm of the errors of got, divided by the expected norm of want.
func relative(got []float32, want sums64) float64 {
	var d, w float64
	for i, g := range got {
		d += (float64(g) - want.value[i]) * (float64(g) - want.value[i])
		w += want.square[i]
	}
	if d == 0 {
		return 0
	}
	return math.Sqrt(d / w)
}

// reference computes all three products by their definition, in float64.
func reference(s Shape, x, w, gy []float32) (y, gx, gw sums64) {
	oh, ow := s.OutH(), s.OutW()
	y, gx, gw = newSums(s.N*s.O*oh*ow), newSums(len(x)), newSums(len(w))
	for n := range s.N {
		for o := range s.O {
			for i := range oh {
				for j := range ow {
					out := ((n*s.O+o)*oh+i)*ow + j
					for c := range s.C {
						for u := range s.Kernel {
							for v := range s.Kernel {
								a, b := i*s.Stride+u-s.Padding, j*s.Stride+v-s.Padding
								if a < 0 || a >= s.H || b < 0 || b >= s.W {
									continue
								}
								in := ((n*s.C+c)*s.H+a)*s.W + b
								k := ((o*s.C+c)*s.Kernel+u)*s.Kernel + v
								y.add(out, float64(x[in])*float64(w[k]))
								gx.add(in, float64(gy[out])*float64(w[k]))
								gw.add(k, float64(gy[out])*float64(x[in]))
							}
						}
					}
				}
			}
		}
	}
	return y, gx, gw
}

var shapes = []Shape{
	{2, 8, 16, 16, 12, 3, 1, 1, Auto},
	{2, 8, 15, 17, 12, 3, 1, 1, Auto},
	{2, 8, 15, 17, 12, 3, 2, 1, Auto},
	{2, 8, 16, 16, 12, 3, 2, 1, Auto},
	{2, 8, 15, 17, 12, 1, 1, 0, Auto},
	{2, 8, 16, 16, 12, 1, 2, 0, Auto},
	{2, 3, 15, 17, 12, 5, 1, 2, Auto},
	{1, 3, 9, 9, 4, 5, 2, 2, Auto},
	{1, 1, 1, 1, 1, 3, 1, 1, Auto},
	{1, 3, 2, 3, 3, 3, 1, 1, Auto},
	{3, 5, 1, 7, 2, 3, 2, 1, Auto},
	{1, 2, 6, 7, 3, 3, 1, 0, Auto},
	{1, 2, 6, 7, 3, 7, 1, 3, Auto},
	{16, 32, 4, 4, 32, 3, 1, 1, Auto},
	{5, 40, 8, 8, 33, 3, 1, 1, Auto},
	{1, 3, 40, 40, 32, 3, 1, 1, Auto},
	{1, 32, 40, 70, 3, 3, 1, 1, Auto},
	{1, 70, 20, 64, 40, 3, 1, 1, Auto},
	{2, 130, 12, 20, 50, 3, 1, 1, Auto},
	{1, 128, 12, 12, 64, 3, 1, 1, Auto},
	// Few channels: weight gradients in vectors of outputs.
	{1, 3, 40, 40, 70, 5, 1, 2, Auto},
	{3, 4, 9, 11, 20, 9, 1, 4, Auto},
	{2, 2, 12, 300, 17, 3, 2, 0, Auto},
	{2, 3, 16, 16, 12, 1, 2, 0, Auto},
	{3, 2, 12, 12, 9, 3, 3, 0, Auto},
	{40, 3, 4, 4, 64, 5, 1, 2, Auto},
	{2, 8, 15, 17, 12, 5, 1, 2, Auto},
	// Tiny images, whose pixels skip the taps that fall outside the image.
	{9, 40, 2, 2, 33, 3, 1, 1, Auto},
	{70, 33, 2, 2, 40, 3, 1, 1, Auto},
	{7, 20, 1, 1, 33, 3, 1, 1, Auto},
	{13, 17, 3, 1, 5, 3, 1, 1, Auto},
	{6, 5, 3, 3, 4, 3, 1, 0, Auto},
	{9, 40, 2, 2, 33, 1, 1, 0, Auto},
	{5, 3, 2, 2, 4, 5, 1, 2, Auto},
	{6, 4, 1, 2, 3, 3, 1, 2, Auto},
}

func (s Shape) name() string {
	return fmt.Sprintf("n%d c%d %dx%d o%d k%d s%d p%d", s.N, s.C, s.H, s.W, s.O, s.Kernel, s.Stride, s.Padding)
}

// long reports whether -short skips the shape, which takes minutes on emulators.
func (s Shape) long() bool {
	return testing.Short() && s.N*s.O*s.C*s.OutH()*s.OutW()*s.taps() > 1_000_000
}

// on runs a test with the kernels of every path that this machine supports.
func on(t *testing.T, test func(t *testing.T)) {
	defer func(k func() *lanes.Kernels) { kernels = k }(kernels)
	for _, path := range kernel.Supported() {
		kernels = func() *lanes.Kernels { return lanes.For(path) }
		t.Run(path, test)
	}
}

func TestAgainstDefinition(t *testing.T) {
	for _, a := range []Algorithm{Direct, Winograd} {
		t.Run(a.String(), func(t *testing.T) {
			on(t, func(t *testing.T) {
				for _, s := range shapes {
					s.Algorithm = a
					if s.long() {
						continue
					}
					t.Run(s.name(), func(t *testing.T) { checkShape(t, s) })
				}
			})
		})
	}
}

func checkShape(t *testing.T, s Shape) {
	r := rand.New(rand.NewPCG(1, 2))
	out := s.OutH() * s.OutW()
	x, w := random(r, s.N*s.C*s.H*s.W), random(r, s.O*s.C*s.Kernel*s.Kernel)
	gy, bias := random(r, s.N*s.O*out), random(r, s.O)
	shift, residual := random(r, s.N*s.O), random(r, s.N*s.O*out)
	y64, gx64, gw64 := reference(s, x, w, gy)
	gb64, gs64 := newSums(s.O), newSums(s.N*s.O)
	for i, g := range gy {
		gs64.add(i/out, float64(g))
		gb64.add(i/out%s.O, float64(g))
	}
	f := NewFilter(s.O, s.C, s.Kernel)
	f.Load(w)
	check := func(name string, got []float32, want sums64) {
		t.Helper()
		if e := relative(got, want); !(e < tolerance) {
			t.Errorf("%s: relative L2 error %.3g, want below %.3g", name, e, tolerance)
		}
	}
	y := random(r, len(gy)) // old contents must not influence the result
	Forward(y, x, f, s, Epilogue{})
	check("forward", y, y64)
	for i, v := range residual {
		y64.add(i, float64(v))
		y64.add(i, float64(bias[i/out%s.O]))
		y64.add(i, float64(shift[i/out]))
	}
	Forward(y, x, f, s, Epilogue{bias, shift, residual})
	check("forward with epilogue", y, y64)
	copy(y, residual)
	Forward(y, x, f, s, Epilogue{bias, shift, y})
	check("forward with its own place as residual", y, y64)
	gx := random(r, len(x))
	InputGradient(gx, gy, f, s)
	check("input gradient", gx, gx64)
	gw, gb, gs := random(r, len(w)), random(r, s.O), random(r, s.N*s.O)
	WeightGradient(gw, gb, gs, gy, x, s)
	check("weight gradient", gw, gw64)
	check("bias gradient", gb, gb64)
	check("shift gradient", gs, gs64)
	WeightGradient(gw, nil, nil, gy, x, s)
	check("weight gradient alone", gw, gw64)
	before := random(r, len(w))
	sum := slices.Clone(before)
	StartWeightGradient(sum, nil, nil, gy, x, s, true).Wait()
	for i := range sum {
		if sum[i] != before[i]+gw[i] {
			t.Fatalf("%+v: weight gradient %d added to %g is %g, want %g more", s, i, before[i], sum[i], gw[i])
		}
	}
}
