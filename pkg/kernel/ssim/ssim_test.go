package ssim

import (
	"fmt"
	"math"
	"testing"

	. "multiscale/pkg/kernel/pointwise/kerneltest"
)

// exact bounds the error of results that are float64 throughout, rounding that of the
// float32 gradient. The index is steep near zero contrast.
const (
	exact    = 1e-12
	rounding = 2e-7
)

// definition computes the index of each image with the 11x11 window, pixel by pixel.
func definition(a, b []float64, s Shape) []float64 {
	w, n := Window(), s.H*s.W
	out := make([]float64, s.N)
	for plane := range s.N * s.C {
		a, b := a[plane*n:][:n], b[plane*n:][:n]
		for r := range s.H {
			for c := range s.W {
				var ma, mb, aa, bb, ab float64
				for i := max(r-pad, 0); i <= min(r+pad, s.H-1); i++ {
					for k := max(c-pad, 0); k <= min(c+pad, s.W-1); k++ {
						by, u, v := w[i-r+pad]*w[k-c+pad], a[i*s.W+k], b[i*s.W+k]
						ma, mb, aa, bb, ab = ma+by*u, mb+by*v, aa+by*u*u, bb+by*v*v, ab+by*u*v
					}
				}
				out[plane/s.C] += (2*ma*mb + c1) * (2*(ab-ma*mb) + c2) /
					((ma*ma + mb*mb + c1) * (aa - ma*ma + bb - mb*mb + c2)) / float64(s.C*n)
			}
		}
	}
	return out
}

func images(s Shape) (a, b []float32) {
	n := s.N * s.C * s.H * s.W
	a, b = Noise(1, n), Noise(2, n)
	for i := range b {
		b[i] = 0.7*a[i] + 0.3*b[i]
	}
	return a, b
}

func TestForward(t *testing.T) {
	for _, s := range []Shape{{1, 1, 1, 1}, {2, 3, 8, 13}, {3, 1, 24, 17}, {2, 2, 11, 40}} {
		a, b := images(s)
		got := make([]float64, s.N)
		Forward(got, a, b, s)
		for i, want := range definition(Wide(a), Wide(b), s) {
			if math.Abs(got[i]-want) > exact {
				t.Errorf("%v, image %d: %v, want %v", s, i, got[i], want)
			}
		}
		Forward(got, a, a, s)
		for i, v := range got {
			if math.Abs(v-1) > exact {
				t.Errorf("%v, image %d: index with itself %v", s, i, v)
			}
		}
	}
}

func TestBackward(t *testing.T) {
	for _, s := range []Shape{{1, 1, 1, 1}, {2, 2, 6, 9}, {1, 1, 14, 13}} {
		t.Run(fmt.Sprint(s), func(t *testing.T) {
			a, b := images(s)
			weights, ga := Noise(3, s.N), make([]float32, len(a))
			Backward(ga, a, b, s, weights)
			want := make([]float64, len(a)) // image by image: differences over all images would be slow
			per := len(a) / s.N
			for i := range s.N {
				one := Shape{1, s.C, s.H, s.W}
				lo, hi := i*per, (i+1)*per
				f := func(x []float64) []float64 { return definition(x, Wide(b[lo:hi]), one) }
				copy(want[lo:hi], Gradient(f, Wide(a[lo:hi]), []float64{float64(weights[i])}))
			}
			Close(t, "ga", ga, want, rounding+10*Differences)
		})
	}
}

func TestWindow(t *testing.T) {
	w := Window()
	var sum float64
	for k, v := range w {
		sum += v
		if v != w[taps-1-k] {
			t.Errorf("taps %d and %d differ", k, taps-1-k)
		}
	}
	if math.Abs(sum-1) > exact || math.Abs(w[pad]/w[pad+3]-math.Exp(2)) > exact {
		t.Errorf("sum %v, window %v", sum, w)
	}
}

func TestSameOnAnyCores(t *testing.T) {
	s := Shape{3, 3, 20, 21}
	a, b := images(s)
	SameOnAnyCores(t, func() []float32 {
		value, ga := make([]float64, s.N), make([]float32, len(a))
		Forward(value, a, b, s)
		Backward(ga, a, b, s, []float32{1, 2, 3})
		for _, v := range value {
			bits := math.Float64bits(v)
			ga = append(ga, math.Float32frombits(uint32(bits)), math.Float32frombits(uint32(bits>>32)))
		}
		return ga
	})
}

func TestNoAllocations(t *testing.T) {
	s := Shape{2, 3, 32, 32}
	a, b := images(s)
	value, ga, weights := make([]float64, 2), make([]float32, len(a)), make([]float32, 2)
	NoAllocations(t, func() {
		Forward(value, a, b, s)
		Backward(ga, a, b, s, weights)
	})
}

func BenchmarkSSIM(b *testing.B) {
	s := Shape{4, 3, 128, 128}
	x, y := images(s)
	value, g, weights := make([]float64, s.N), make([]float32, len(x)), Noise(1, s.N)
	b.Run("forward", func(b *testing.B) {
		b.SetBytes(int64(8 * len(x)))
		for b.Loop() {
			Forward(value, x, y, s)
		}
	})
	b.Run("backward", func(b *testing.B) {
		b.SetBytes(int64(12 * len(x)))
		for b.Loop() {
			Backward(g, x, y, s, weights)
		}
	})
}
