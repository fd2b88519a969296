package pixelnorm

import (
	"math"
	"testing"
)

// TestNearlyEqualChannels: if the channels of a pixel hardly differ, gradients are as accurate as
// elsewhere. Deviations from a mean in float32 would consist mostly of rounding errors.
func TestNearlyEqualChannels(t *testing.T) {
	const eps = 1e-6
	s := Shape{N: 2, C: 3, HW: 70} // more than a block
	n, pixels := s.N*s.C*s.HW, s.N*s.HW
	x, g := make([]float32, n), make([]float32, n)
	for i := range x {
		x[i] = 3 + 1e-5*float32(math.Sin(float64(i)))
		g[i] = float32(math.Cos(float64(7 * i)))
	}
	gamma, beta := []float32{0.5, -1, 2}, []float32{0.1, 0, -3}
	y, gx, gGamma, gBeta := make([]float32, n), make([]float32, n), make([]float32, s.C), make([]float32, s.C)
	mean, rstd := make([]float64, pixels), make([]float64, pixels)
	Forward(y, x, gamma, beta, s, eps, mean, rstd)
	Backward(gx, gGamma, gBeta, g, x, gamma, s, mean, rstd)

	want := make([]float64, s.C) // of gGamma
	for image := range s.N {
		for i := range s.HW {
			at := func(c int) int { return (image*s.C+c)*s.HW + i }
			var mean, square, sum, product float64
			for c := range s.C {
				mean += float64(x[at(c)]) / 3
			}
			for c := range s.C {
				square += (float64(x[at(c)]) - mean) * (float64(x[at(c)]) - mean) / 3
			}
			deviation := math.Sqrt(square + eps)
			normal := func(c int) float64 { return (float64(x[at(c)]) - mean) / deviation }
			for c := range s.C {
				own := float64(g[at(c)]) * float64(gamma[c])
				sum, product = sum+own/3, product+own*normal(c)/3
				want[c] += float64(g[at(c)]) * normal(c)
			}
			for c := range s.C {
				exact := (float64(g[at(c)])*float64(gamma[c]) - sum - normal(c)*product) / deviation
				// A gradient has magnitude 1/deviation, and is rounded once.
				if got := float64(gx[at(c)]); math.Abs(got-exact) > 1e-6/deviation {
					t.Fatalf("gradient of channel %d, pixel %d: %v, want %v", c, i, got, exact)
				}
			}
		}
	}
	for c, got := range gGamma {
		if math.Abs(float64(got)-want[c]) > 1e-6*math.Abs(want[c]) {
			t.Errorf("gradient of gamma %d: %v, want %v", c, got, want[c])
		}
	}
}
